#include <algorithm>
#include <cmath>
#include <numeric>

#include <bloodcell/data/explore.hpp>
#include <bloodcell/data/sharpness.hpp>

namespace bloodcell::data {

namespace {

std::vector<double> luma_of(const image::Image& picture) {
  std::vector<double> luma(picture.rgb.size() / 3);
  for (std::size_t i = 0; i < luma.size(); ++i) {
    const std::uint8_t* const pixel = &picture.rgb[3 * i];
    luma[i] = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
  }
  return luma;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double squares_about(const std::vector<double>& values, double mean) {
  return std::accumulate(values.begin(), values.end(), 0.0, [&](double sum, double value) {
    return sum + (value - mean) * (value - mean);
  });
}

double sharpness_of(const std::vector<double>& luma, int width_px, int height_px) {
  if (width_px < 3 || height_px < 3) return 0;
  const auto width = static_cast<std::size_t>(width_px);
  const auto inner_rows = static_cast<std::size_t>(height_px) - 2;
  std::vector<double> laplacian(inner_rows * (width - 2));
  for (std::size_t y = 0; y < inner_rows; ++y) {
    const double* at = &luma[(y + 1) * width + 1];
    double* to = &laplacian[y * (width - 2)];
    for (std::size_t x = 0; x < width - 2; ++x, ++at) {
      to[x] = at[-static_cast<std::ptrdiff_t>(width)] + at[width] + at[-1] + at[1] - 4 * at[0];
    }
  }
  return squares_about(laplacian, mean_of(laplacian)) / static_cast<double>(laplacian.size());
}

}  // namespace

double sharpness_of(const image::Image& picture) {
  return sharpness_of(luma_of(picture), picture.width_px, picture.height_px);
}

std::string_view name_of(Measure measure) {
  constexpr std::array<std::string_view, kMeasures> kNames{
      "brightness", "red", "green", "blue", "sharpness", "black_share"};
  return kNames[static_cast<std::size_t>(measure)];
}

Look look_of(const image::Image& picture) {
  std::array<std::uint64_t, 3> sums{};
  std::uint64_t black = 0;
  for (std::size_t i = 0; i + 2 < picture.rgb.size(); i += 3) {
    bool is_black = true;
    for (std::size_t c = 0; c < 3; ++c) {
      sums[c] += picture.rgb[i + c];
      is_black = is_black && picture.rgb[i + c] <= kBlackest;
    }
    black += is_black ? 1U : 0U;
  }
  const auto pixels = static_cast<double>(picture.rgb.size() / 3);
  const auto luma = luma_of(picture);
  return {mean_of(luma),
          static_cast<double>(sums[0]) / pixels,
          static_cast<double>(sums[1]) / pixels,
          static_cast<double>(sums[2]) / pixels,
          sharpness_of(luma, picture.width_px, picture.height_px),
          100.0 * static_cast<double>(black) / pixels};
}

Spread spread_of(std::vector<double> values) {
  Spread spread;
  if (values.empty()) return spread;
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
  };
  spread.count = values.size();
  spread.mean = mean_of(values);
  if (values.size() > 1) {
    spread.deviation =
        std::sqrt(squares_about(values, spread.mean) / static_cast<double>(values.size() - 1));
  }
  spread.minimum = values.front();
  spread.p05 = at(0.05);
  spread.q1 = at(0.25);
  spread.median = at(0.5);
  spread.q3 = at(0.75);
  spread.p95 = at(0.95);
  spread.maximum = values.back();
  return spread;
}

}  // namespace bloodcell::data
