// The cells of a smear, each drawn as the textbook tells it: size, nucleus, cytoplasm, granules.
// Private to the layer.
#pragma once

#include <string_view>

#include <bloodcell/base/random.hpp>

#include "noise.hpp"
#include "smear.hpp"

namespace bloodcell::data::synthetic {

// Largest reach of any cell from its centre, µm.
inline constexpr double kWhiteCellReach = 9.5;
inline constexpr double kRedCellRadius = 3.6;
inline constexpr double kPlateletReach = 3.4;

// `label` is one of synthetic_labels(). Returns the cell's box in pixels, cut at the picture.
image::Box draw_cell(Smear& smear, std::string_view label, Point centre, const Noise& noise,
                     Random& random);

image::Box draw_red_cell(Smear& smear, Point centre, const Noise& noise, Random& random);

}  // namespace bloodcell::data::synthetic
