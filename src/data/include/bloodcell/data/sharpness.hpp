// How sharp a picture is: data::Measure::sharpness alone.
#pragma once

#include <bloodcell/image/image.hpp>

namespace bloodcell::data {

// The variance of the 4-neighbour Laplacian of the luma, inner pixels; 0 under 3 × 3. Not empty.
[[nodiscard]] double sharpness_of(const image::Image& picture);

}  // namespace bloodcell::data
