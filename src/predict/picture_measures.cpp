#include <bloodcell/predict/picture_measures.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <bloodcell/data/sharpness.hpp>

namespace bloodcell::predict {

namespace {

struct Words {
  std::string_view name;
  std::string_view low;
  std::string_view high;
};

constexpr std::string_view kColours = "unusual stain or colours";
constexpr std::string_view kNoCell = "nothing like a nucleus";
constexpr std::string_view kAtEdge = "dark up to the edge: cut, or close to another";

constexpr std::array<Words, kPictureMeasures> kWords{{
    {"sharpness", "out of focus", "grainy, not like a micrograph"},
    {"nucleus_share", kNoCell, kNoCell},
    {"nucleus_at_border", kAtEdge, kAtEdge},
    {"nucleus_redness", kColours, kColours},
    {"nucleus_greenness", kColours, kColours},
    {"ground_redness", kColours, kColours},
    {"ground_greenness", kColours, kColours},
}};

// The value that parts a histogram into two classes of least variance within (Otsu 1979).
int otsu(const std::array<double, 256>& histogram) {
  double all = 0;
  double sum = 0;
  for (std::size_t v = 0; v < histogram.size(); ++v) {
    all += histogram[v];
    sum += histogram[v] * static_cast<double>(v);
  }
  int best = 0;
  double best_between = -1;
  double below = 0;
  double sum_below = 0;
  for (std::size_t v = 0; v + 1 < histogram.size(); ++v) {
    below += histogram[v];
    sum_below += histogram[v] * static_cast<double>(v);
    if (below == 0 || below == all) continue;
    const double distance = sum_below / below - (sum - sum_below) / (all - below);
    const double between = below * (all - below) * distance * distance;
    if (between > best_between) {
      best_between = between;
      best = static_cast<int>(v);
    }
  }
  return best;
}

struct Colour {
  double red = 0;
  double green = 0;
  double pixels = 0;

  void add(std::span<const std::uint8_t, 3> rgb) {
    const double sum = std::max(1, rgb[0] + rgb[1] + rgb[2]);
    red += rgb[0] / sum;
    green += rgb[1] / sum;
    ++pixels;
  }
  [[nodiscard]] double redness() const { return pixels > 0 ? red / pixels : 1.0 / 3; }
  [[nodiscard]] double greenness() const { return pixels > 0 ? green / pixels : 1.0 / 3; }
};

}  // namespace

std::string_view name_of(PictureMeasure measure) {
  return kWords[static_cast<std::size_t>(measure)].name;
}

std::string_view reason_when_low(PictureMeasure measure) {
  return kWords[static_cast<std::size_t>(measure)].low;
}

std::string_view reason_when_high(PictureMeasure measure) {
  return kWords[static_cast<std::size_t>(measure)].high;
}

PictureMeasures measures_of(const image::Image& seen) {
  constexpr double kBorder = 0.03;  // of each side
  std::array<double, 256> reds{};
  for (std::size_t i = 0; i < seen.rgb.size(); i += 3) ++reds[seen.rgb[i]];
  const int threshold = otsu(reds);
  const int border_x = std::max(1, static_cast<int>(kBorder * seen.width_px));
  const int border_y = std::max(1, static_cast<int>(kBorder * seen.height_px));

  Colour nucleus;
  Colour ground;
  double at_border = 0;
  for (int y = 0; y < seen.height_px; ++y) {
    for (int x = 0; x < seen.width_px; ++x) {
      const auto rgb = seen.at(x, y);
      const bool is_dark = rgb[0] <= threshold;
      (is_dark ? nucleus : ground).add(rgb);
      const bool is_border = x < border_x || y < border_y || x >= seen.width_px - border_x ||
                             y >= seen.height_px - border_y;
      at_border += is_dark && is_border ? 1 : 0;
    }
  }
  const double pixels = nucleus.pixels + ground.pixels;
  return {std::log1p(data::sharpness_of(seen)),
          nucleus.pixels / pixels,
          nucleus.pixels > 0 ? at_border / nucleus.pixels : 0,
          nucleus.redness(),
          nucleus.greenness(),
          ground.redness(),
          ground.greenness()};
}

}  // namespace bloodcell::predict
