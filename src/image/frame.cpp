#include <bloodcell/image/frame.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace bloodcell::image {

namespace {

constexpr double kBrightShare = 0.1;  // of the pixels: they are ground
constexpr int kDarkest = 12;          // what is darker in all channels is fill, no smear
constexpr double kLargestGain = 4;
constexpr std::size_t kSeen = 40'000;  // pixels looked at, evenly spread: enough for a quantile

using Histogram = std::array<std::uint32_t, 256>;

struct Counts {
  std::array<Histogram, 3> values{};
  std::uint32_t pixels = 0;

  void add(const std::uint8_t* pixel) {
    if (pixel[0] <= kDarkest && pixel[1] <= kDarkest && pixel[2] <= kDarkest) return;
    for (std::size_t c = 0; c < 3; ++c) ++values[c][pixel[c]];
    ++pixels;
  }
};

double where_brightest_begin(const Histogram& counts, std::uint64_t pixels) {
  const double wanted = kBrightShare * static_cast<double>(pixels);
  double seen = 0;
  for (std::size_t v = counts.size(); v-- > 0;) {
    seen += counts[v];
    if (seen >= wanted) return static_cast<double>(v);
  }
  return 0;
}

void recolour(Image& picture, const Gains& gains) {
  if (gains == Gains{1, 1, 1}) return;
  std::array<std::array<std::uint8_t, 256>, 3> value{};
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t v = 0; v < 256; ++v) {
      const double light = gains[c] * static_cast<double>(v);
      value[c][v] = static_cast<std::uint8_t>(std::lround(std::min(light, 255.0)));
    }
  }
  for (std::size_t i = 0; i < picture.rgb.size(); i += 3) {
    std::uint8_t* pixel = &picture.rgb[i];
    for (std::size_t c = 0; c < 3; ++c) pixel[c] = value[c][pixel[c]];
  }
}

}  // namespace

Box cell_square(const Box& cell, double margin) {
  if (margin == 0) return cell;
  const int side =
      std::max(1, static_cast<int>(std::lround(margin * std::max(cell.width, cell.height))));
  return {cell.x + (cell.width - side) / 2, cell.y + (cell.height - side) / 2, side, side};
}

Gains gains_to_white(const Image& picture, double white_point) {
  if (white_point == 0) return {1, 1, 1};
  // Two in turn: neighbours often count the same value, and the second would wait for the first.
  std::array<Counts, 2> counts{};
  const std::size_t all = picture.rgb.size() / 3;
  const std::size_t step = std::max<std::size_t>(1, all / kSeen) | 1U;  // odd: no fixed column
  std::size_t i = 0;
  for (; i + step < all; i += 2 * step) {
    counts[0].add(&picture.rgb[3 * i]);
    counts[1].add(&picture.rgb[3 * (i + step)]);
  }
  if (i < all) counts[0].add(&picture.rgb[3 * i]);
  const std::uint64_t pixels = counts[0].pixels + counts[1].pixels;
  if (pixels == 0) return {1, 1, 1};
  Gains gains{};
  for (std::size_t c = 0; c < 3; ++c) {
    Histogram& values = counts[0].values[c];
    for (std::size_t v = 0; v < values.size(); ++v) values[v] += counts[1].values[c][v];
    const double light = std::max(1.0, where_brightest_begin(values, pixels));
    gains[c] = std::clamp(white_point / light, 1 / kLargestGain, kLargestGain);
  }
  return gains;
}

Image frame(const Image& picture, const std::optional<Box>& cell, const Preprocessing& p,
            const Gains& gains) {
  Image seen = cell ? crop_mirrored(picture, cell_square(*cell, p.cell_margin)) : picture;
  recolour(seen, gains);
  return seen;
}

Image whole_frame(const Image& picture, const Preprocessing& p) {
  Image seen = fit(picture, p);
  recolour(seen, gains_to_white(picture, p.white_point));
  return seen;
}

}  // namespace bloodcell::image
