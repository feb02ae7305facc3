// Marks on pictures, for people to look at.
#pragma once

#include <array>
#include <cstdint>

#include <bloodcell/image/image.hpp>

namespace bloodcell::image {

// The frame of a box, `thickness_px` wide and within it; what lies outside the picture is left out.
void draw_frame(Image& image, const Box& box, std::array<std::uint8_t, 3> colour, int thickness_px);

}  // namespace bloodcell::image
