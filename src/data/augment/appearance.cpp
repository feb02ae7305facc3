#include "augment/appearance.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/encode.hpp>

namespace bloodcell::data {

namespace {

using image::Image;
using Curve = std::array<std::uint8_t, 256>;

constexpr int kBestJpeg = 95;

std::uint8_t level(double value) {
  return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
}

double spread(double range, Random& random) { return std::exp(random.uniform(-range, range)); }

// Beer and Lambert: what passes is the ground's light times e^(−optical density). A stain that is
// taken up more multiplies the density; another lamp multiplies the light.
Curve stain_curve(double density_factor, double light_factor) {
  Curve curve{};
  for (std::size_t v = 0; v < curve.size(); ++v) {
    const double passed = (static_cast<double>(v) + 1) / 256;
    curve[v] = level(256 * light_factor * std::pow(passed, density_factor) - 1);
  }
  return curve;
}

// Dyes and cameras differ in what they take of each colour: densities mix by a matrix whose rows
// sum to one, so that grey stays grey and the ground white.
using Mixing = std::array<std::array<double, 3>, 3>;

Mixing draw_mixing(double range, Random& random) {
  Mixing mixing{};
  for (std::size_t row = 0; row < 3; ++row) {
    mixing[row][row] = 1;
    for (std::size_t column = 0; column < 3; ++column) {
      if (row == column) continue;
      const double part = random.uniform(-range, range);
      mixing[row][column] = part;
      mixing[row][row] -= part;
    }
  }
  return mixing;
}

void mix_densities(Image& picture, const Mixing& mixing) {
  static const std::array<float, 256> kDensity = [] {
    std::array<float, 256> density{};
    for (std::size_t v = 0; v < density.size(); ++v) {
      density[v] = -std::log((static_cast<float>(v) + 1) / 256);
    }
    return density;
  }();
  for (std::size_t i = 0; i + 2 < picture.rgb.size(); i += 3) {
    std::uint8_t* pixel = &picture.rgb[i];
    const std::array<double, 3> from{kDensity[pixel[0]], kDensity[pixel[1]], kDensity[pixel[2]]};
    for (std::size_t c = 0; c < 3; ++c) {
      const double density =
          mixing[c][0] * from[0] + mixing[c][1] * from[1] + mixing[c][2] * from[2];
      pixel[c] = level(256 * std::exp(-density) - 1);
    }
  }
}

void change_stain(Image& picture, const Augmentation& how, Random& random) {
  if (how.stain_mixing > 0) mix_densities(picture, draw_mixing(how.stain_mixing, random));
  const double all = spread(how.stain, random);
  std::array<Curve, 3> curves{};
  for (auto& curve : curves) {
    const double density = all * spread(how.stain / 2, random);
    curve = stain_curve(density, spread(how.white_balance, random));
  }
  for (std::size_t i = 0; i < picture.rgb.size(); ++i) {
    picture.rgb[i] = curves[i % 3][picture.rgb[i]];
  }
}

// Brighter on one side than on the other, unchanged in the middle.
void change_illumination(Image& picture, double range, Random& random) {
  const double slope = random.uniform(-range, range);
  const double angle = random.uniform(0, 2 * std::numbers::pi);
  const double along_x = 2 * slope * std::cos(angle) / std::max(1, picture.width_px - 1);
  const double along_y = 2 * slope * std::sin(angle) / std::max(1, picture.height_px - 1);
  for (int y = 0; y < picture.height_px; ++y) {
    for (int x = 0; x < picture.width_px; ++x) {
      const double factor = 1 + along_x * (x - 0.5 * (picture.width_px - 1)) +
                            along_y * (y - 0.5 * (picture.height_px - 1));
      for (auto& value : picture.at(x, y)) value = level(factor * value);
    }
  }
}

void blur(Image& picture, double deviation_px) {
  cv::Mat view(picture.height_px, picture.width_px, CV_8UC3, picture.rgb.data());
  cv::GaussianBlur(view, view, cv::Size(), deviation_px, deviation_px, cv::BORDER_REFLECT);
}

void add_noise(Image& picture, double deviation, Random& random) {
  for (auto& value : picture.rgb) value = level(value + deviation * random.normal());
}

void pass_through_jpeg(Image& picture, int quality) {
  const auto bytes = image::encode_jpeg(picture, quality);
  if (!bytes) return;
  auto back = image::decode(*bytes, Limits{});
  if (back && back->pixel_bytes() == picture.pixel_bytes()) picture = std::move(*back);
}

// The field ends within the picture: one side, up to a third of the way in, shows nothing.
void cut_at_frame(Image& picture, Random& random) {
  const bool is_upright = random.chance(0.5);
  const bool is_far = random.chance(0.5);
  const int length = is_upright ? picture.width_px : picture.height_px;
  const int lost = static_cast<int>(random.uniform(0.05, 1.0 / 3) * length);
  for (int y = 0; y < picture.height_px; ++y) {
    for (int x = 0; x < picture.width_px; ++x) {
      const int along = is_upright ? x : y;
      if ((is_far ? length - 1 - along : along) >= lost) continue;
      for (auto& value : picture.at(x, y)) value = 0;
    }
  }
}

// A rectangle of the picture's mean colour over up to a third of each side (DeVries & Taylor 2017).
void cut_out(Image& picture, Random& random) {
  std::array<double, 3> mean{};
  for (std::size_t i = 0; i < picture.rgb.size(); ++i) mean[i % 3] += picture.rgb[i];
  for (double& value : mean) value *= 3 / static_cast<double>(picture.rgb.size());
  const auto side = [&](int length) {
    return std::max(1, static_cast<int>(random.uniform(0.1, 0.34) * length));
  };
  const int width = side(picture.width_px);
  const int height = side(picture.height_px);
  const auto start = [&](int free) {
    return static_cast<int>(random.below(static_cast<std::uint64_t>(free) + 1));
  };
  const int left = start(picture.width_px - width);
  const int top = start(picture.height_px - height);
  for (int y = top; y < top + height; ++y) {
    for (int x = left; x < left + width; ++x) {
      const auto pixel = picture.at(x, y);
      for (std::size_t c = 0; c < 3; ++c) pixel[c] = level(mean[c]);
    }
  }
}

}  // namespace

void change_appearance(Image& picture, const Augmentation& how, Random& random) {
  if (how.stain > 0 || how.stain_mixing > 0 || how.white_balance > 0)
    change_stain(picture, how, random);
  if (how.illumination > 0) change_illumination(picture, how.illumination, random);
  if (how.blur > 0 && random.chance(0.5)) {
    blur(picture, std::max(0.1, random.uniform(0, how.blur) * picture.width_px));
  }
  if (how.noise > 0 && random.chance(0.5)) add_noise(picture, random.uniform(0, how.noise), random);
  if (how.jpeg_quality > 0 && random.chance(0.5)) {
    const auto choices = static_cast<std::uint64_t>(std::max(1, kBestJpeg - how.jpeg_quality));
    pass_through_jpeg(picture, how.jpeg_quality + static_cast<int>(random.below(choices)));
  }
  if (how.frame_cut > 0 && random.chance(how.frame_cut)) cut_at_frame(picture, random);
  if (random.chance(how.cutout)) cut_out(picture, random);
}

}  // namespace bloodcell::data
