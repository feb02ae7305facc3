// What the network sees of a field: the whole of it, or a random zoom, turn and stain.
#pragma once

#include <array>

#include <vector>

#include <bloodcell/base/random.hpp>
#include <bloodcell/image/preprocess.hpp>

#include "location/fields.hpp"

namespace bloodcell::train {

struct View {
  image::Image picture;
  std::vector<smear::CellBox> cells;  // in pixels of `picture`
};

// A random cut or frame, flips and a transposition, other colours and sharpness.
[[nodiscard]] View random_view(const Field& field, Random random);

// Boxes from pixels of a picture of this size to pixels of the network's letterboxed input.
[[nodiscard]] std::vector<smear::CellBox> in_input(std::vector<smear::CellBox> cells, int width_px,
                                                   int height_px,
                                                   const image::Preprocessing& preprocessing);

// Four views side by side, each letterboxed in a quarter of an input of twice the sides, in the
// colours of its own white: cells of half the size, among cells of other laboratories.
[[nodiscard]] View mosaic_of(const std::array<View, 4>& views,
                             const image::Preprocessing& preprocessing);

}  // namespace bloodcell::train
