#include <bloodcell/data/augment.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include <fmt/ranges.h>

#include <bloodcell/image/geometry.hpp>

#include "augment/appearance.hpp"

namespace bloodcell::data {

namespace {

using image::Affine;
using image::Image;

// One draw of every step, in a fixed order.
struct Draw {
  bool flip_horizontally = false;
  bool flip_vertically = false;
  double angle = 0;  // radians
  double contrast = 1;
  double brightness = 0;  // of 255
  double shift_x = 0;     // pixels
  double shift_y = 0;
  double scale = 1;
  double shear = 0;
};

Draw draw_from(const Augmentation& augmentation, const Image& image, Random& random) {
  const auto within = [&](double range) { return range > 0 ? random.uniform(-range, range) : 0; };
  Draw draw;
  draw.flip_horizontally = augmentation.flip_horizontally && random.chance(0.5);
  draw.flip_vertically = augmentation.flip_vertically && random.chance(0.5);
  draw.angle = within(augmentation.rotation_turns) * 2 * std::numbers::pi;
  draw.contrast = 1 + within(augmentation.contrast);
  draw.brightness = within(augmentation.brightness) * 255;
  draw.shift_x = within(augmentation.translation) * image.width_px;
  draw.shift_y = within(augmentation.translation) * image.height_px;
  draw.scale = 1 + within(augmentation.scale);
  draw.shear = within(augmentation.shear);
  return draw;
}

// The way back from a pixel of the result: shift, shear, turn and scale, then flip, each undone
// about the middle of the picture.
Affine to_source(const Draw& draw, const Image& image) {
  const double middle_x = (image.width_px - 1) / 2.0;
  const double middle_y = (image.height_px - 1) / 2.0;
  const double mirror_x = draw.flip_horizontally ? -1 : 1;
  const double mirror_y = draw.flip_vertically ? -1 : 1;
  const double cosine = std::cos(draw.angle) / draw.scale;
  const double sine = std::sin(draw.angle) / draw.scale;
  const double a = mirror_x * cosine;
  const double b = mirror_x * (draw.shear * cosine - sine);
  const double c = mirror_y * sine;
  const double d = mirror_y * (draw.shear * sine + cosine);
  const double from_x = middle_x + draw.shift_x;
  const double from_y = middle_y + draw.shift_y;
  return {a, b, middle_x - a * from_x - b * from_y, c, d, middle_y - c * from_x - d * from_y};
}

std::array<double, 3> channel_means(const Image& image) {
  std::array<std::uint64_t, 3> sums{};
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
    for (std::size_t channel = 0; channel < 3; ++channel) sums[channel] += image.rgb[i + channel];
  }
  const double pixels = std::max(1.0, static_cast<double>(image.rgb.size()) / 3);
  return {static_cast<double>(sums[0]) / pixels, static_cast<double>(sums[1]) / pixels,
          static_cast<double>(sums[2]) / pixels};
}

// Contrast, then brightness, each clipped to 0 … 255 as Keras does; rounded once.
void change_light(Image& image, const Draw& draw) {
  const std::array<double, 3> means = channel_means(image);
  std::array<std::array<std::uint8_t, 256>, 3> table{};
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (int value = 0; value < 256; ++value) {
      const double contrasted = (value - means[channel]) * draw.contrast + means[channel];
      const double lit = std::clamp(contrasted, 0.0, 255.0) + draw.brightness;
      table[channel][static_cast<std::size_t>(value)] =
          static_cast<std::uint8_t>(std::lround(std::clamp(lit, 0.0, 255.0)));
    }
  }
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      image.rgb[i + channel] = table[channel][image.rgb[i + channel]];
    }
  }
}

}  // namespace

std::span<const std::string_view> augmentation_names() {
  static constexpr std::array<std::string_view, 5> kNames{"none", "seed", "turn", "robust",
                                                          "laboratories"};
  return kNames;
}

Result<Augmentation> augmentation_named(std::string_view name) {
  Augmentation augmentation;
  if (name == "none") return augmentation;
  if (name == "seed") {
    augmentation.flip_horizontally = true;
    augmentation.rotation_turns = 0.2;
    augmentation.contrast = 0.2;
    augmentation.brightness = 0.2;
    augmentation.translation = 0.1;
    return augmentation;
  }
  if (name == "turn") {
    augmentation.flip_horizontally = true;
    augmentation.flip_vertically = true;
    augmentation.rotation_turns = 0.5;
    augmentation.translation = 0.06;
    augmentation.scale = 0.1;
    augmentation.contrast = 0.15;
    augmentation.brightness = 0.06;
    return augmentation;
  }
  if (name == "robust") {
    BC_ASSIGN(augmentation, augmentation_named("turn"));
    augmentation.scale = 0.2;
    augmentation.shear = 0.1;
    augmentation.stain = 0.45;
    augmentation.white_balance = 0.12;
    augmentation.illumination = 0.15;
    augmentation.blur = 0.015;
    augmentation.noise = 6;
    augmentation.jpeg_quality = 45;
    augmentation.frame_cut = 0.1;
    augmentation.cutout = 0.25;
    return augmentation;
  }
  if (name == "laboratories") {
    BC_ASSIGN(augmentation, augmentation_named("robust"));
    augmentation.stain_mixing = 0.25;
    return augmentation;
  }
  return fail(ErrorCode::usage, fmt::format("no augmentation is called `{}`", name), {},
              fmt::format("name one of {}", fmt::join(augmentation_names(), ", ")));
}

Image augment(const Image& image, const Augmentation& augmentation, Random random) {
  if (image.empty()) return image;
  const Draw draw = draw_from(augmentation, image, random);
  const bool moves = draw.flip_horizontally || draw.flip_vertically || draw.angle != 0 ||
                     draw.shift_x != 0 || draw.shift_y != 0 || draw.scale != 1 || draw.shear != 0;
  Image result = moves ? image::warp(image, to_source(draw, image), image::Border::reflect) : image;
  if (draw.contrast != 1 || draw.brightness != 0) change_light(result, draw);
  change_appearance(result, augmentation, random);
  return result;
}

}  // namespace bloodcell::data
