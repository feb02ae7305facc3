// The one picture type: 8-bit sRGB, interleaved, rows from the top, no padding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace bloodcell::image {

struct Image {
  int width_px = 0;
  int height_px = 0;
  std::vector<std::uint8_t> rgb;  // height × width × 3

  Image() = default;
  Image(int width, int height) : width_px(width), height_px(height), rgb(pixel_bytes()) {}

  [[nodiscard]] bool empty() const { return rgb.empty(); }
  [[nodiscard]] std::size_t pixel_bytes() const {
    return static_cast<std::size_t>(width_px) * static_cast<std::size_t>(height_px) * 3;
  }
  [[nodiscard]] std::span<std::uint8_t, 3> at(int x, int y) {
    return std::span<std::uint8_t, 3>(&rgb[offset(x, y)], 3);
  }
  [[nodiscard]] std::span<const std::uint8_t, 3> at(int x, int y) const {
    return std::span<const std::uint8_t, 3>(&rgb[offset(x, y)], 3);
  }
  friend bool operator==(const Image&, const Image&) = default;

 private:
  [[nodiscard]] std::size_t offset(int x, int y) const {
    return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width_px) +
            static_cast<std::size_t>(x)) *
           3;
  }
};

// A rectangle in pixels of the picture it is said of; x, y is its upper left corner.
struct Box {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
  friend bool operator==(const Box&, const Box&) = default;
};

}  // namespace bloodcell::image
