#include <algorithm>
#include <chrono>
#include <cmath>

#include <bloodcell/train/teachers.hpp>
#include <bloodcell/train/tensorboard.hpp>

namespace bloodcell::train {

double seconds_since_1970() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

std::vector<image::Image> pictures_of(std::span<const float> images, int count,
                                      const image::Preprocessing& preprocessing) {
  constexpr int kMostShown = 8;
  image::Preprocessing plain;
  plain.width_px = preprocessing.width_px;
  plain.height_px = preprocessing.height_px;
  const int shown = std::min(count, kMostShown);
  const auto values = preprocessing.input_values();
  const auto pixels = as_other_input(images.first(static_cast<std::size_t>(shown) * values), shown,
                                     preprocessing, plain);
  std::vector<image::Image> pictures;
  for (int i = 0; i < shown; ++i) {
    auto& picture = pictures.emplace_back(plain.width_px, plain.height_px);
    const float* planes = pixels.data() + static_cast<std::size_t>(i) * values;
    const std::size_t area = values / 3;
    for (std::size_t k = 0; k < values; ++k) {  // [3, H, W] -> [H, W, 3]
      const float value = planes[k % 3 * area + k / 3];
      picture.rgb[k] = static_cast<std::uint8_t>(std::clamp(std::round(value), 0.F, 255.F));
    }
  }
  return pictures;
}

}  // namespace bloodcell::train
