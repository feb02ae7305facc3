#include <bloodcell/image/draw.hpp>

#include <algorithm>

namespace bloodcell::image {

void draw_frame(Image& image, const Box& box, std::array<std::uint8_t, 3> colour,
                int thickness_px) {
  const int right = std::min(image.width_px, box.x + box.width);
  const int bottom = std::min(image.height_px, box.y + box.height);
  for (int y = std::max(0, box.y); y < bottom; ++y) {
    for (int x = std::max(0, box.x); x < right; ++x) {
      const bool is_inner = x >= box.x + thickness_px && x < box.x + box.width - thickness_px &&
                            y >= box.y + thickness_px && y < box.y + box.height - thickness_px;
      if (!is_inner) std::copy(colour.begin(), colour.end(), image.at(x, y).begin());
    }
  }
}

}  // namespace bloodcell::image
