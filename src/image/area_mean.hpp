// The mean of the pixels covered, for pictures that shrink by other than whole numbers: OpenCV's
// INTER_AREA, bit for bit, on one thread and in a fraction of its time
// (docs/decisions/0006-area-mean-of-our-own.md).
#pragma once

#include <bloodcell/image/image.hpp>

namespace bloodcell::image {

// 1 ≤ width_px ≤ picture.width_px, the same for heights, and the sides not both whole multiples of
// the new ones (OpenCV sums those otherwise). Thread-safe.
[[nodiscard]] Image area_mean(const Image& picture, int width_px, int height_px);

}  // namespace bloodcell::image
