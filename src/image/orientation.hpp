// EXIF orientation (1 … 8, JEITA CP-3451 tag 0x0112): how a stored picture is turned for the
// viewer.
#pragma once

#include <bloodcell/image/image.hpp>

namespace bloodcell::image {

[[nodiscard]] inline bool turns_sides(int orientation) { return orientation >= 5; }

[[nodiscard]] Image oriented(Image stored, int orientation);

}  // namespace bloodcell::image
