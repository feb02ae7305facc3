// How another laboratory would have shown the same cell: stain, lamp, lens, camera, file. Private
// to the layer.
#pragma once

#include <bloodcell/data/augment.hpp>

namespace bloodcell::data {

// The steps of `augmentation` that move nothing, in the order light takes: stain, illumination,
// blur, noise, JPEG; then frame cut and cutout.
void change_appearance(image::Image& picture, const Augmentation& augmentation, Random& random);

}  // namespace bloodcell::data
