#include "smear.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace bloodcell::data::synthetic {

namespace {

using Rgb = std::array<double, 3>;

// Optical density, log10(I0 / I), of one unit of each pigment in red, green and blue. Read off
// May-Grünwald-Giemsa pictures of the Barcelona laboratory (Acevedo et al. 2020).
constexpr std::array<Rgb, kPigments> kOpticalDensity{{
    {0.085, 0.130, 0.112},  // hemoglobin
    {0.060, 0.115, 0.050},  // cytoplasm_pink
    {0.190, 0.195, 0.080},  // cytoplasm_grey
    {0.360, 0.320, 0.060},  // cytoplasm_blue
    {0.120, 0.330, 0.320},  // granule_orange
    {0.430, 0.780, 0.330},  // granule_purple
    {0.640, 0.900, 0.330},  // chromatin
}};

// Lamp and glass: the warm and the cold white of the same laboratory.
constexpr Rgb kWarmGround{253, 232, 207};
constexpr Rgb kColdGround{222, 219, 234};

struct Light {
  Rgb ground{};
  std::array<Rgb, kPigments> optical_density{};
  double slope_x = 0;  // of the lamp over the whole picture
  double slope_y = 0;
  double blur_px = 0;
  double noise = 0;  // deviation, of 255
};

Light draw_light(Random& random) {
  Light light;
  const double cold = random.chance(0.25) ? random.uniform(0.6, 1) : random.uniform(0, 0.25);
  for (std::size_t c = 0; c < 3; ++c) {
    light.ground[c] = kWarmGround[c] + (kColdGround[c] - kWarmGround[c]) * cold;
    light.ground[c] *= random.uniform(0.975, 1.005);
  }
  const double strength = random.uniform(0.88, 1.12);
  for (std::size_t p = 0; p < kPigments; ++p) {
    const double of_pigment = strength * random.uniform(0.92, 1.08);
    for (std::size_t c = 0; c < 3; ++c) {
      light.optical_density[p][c] = kOpticalDensity[p][c] * of_pigment * random.uniform(0.94, 1.06);
    }
  }
  light.slope_x = random.uniform(-0.05, 0.05);
  light.slope_y = random.uniform(-0.05, 0.05);
  light.blur_px = random.uniform(0.35, 0.75);
  light.noise = random.uniform(1.0, 2.2);
  return light;
}

// Gaussian along rows or columns, of pixels `stride` values apart; the border pixel is repeated.
void blur_line(std::vector<float>& values, std::size_t first, std::size_t stride, int count,
               const std::vector<double>& kernel, std::vector<float>& line) {
  const int radius = static_cast<int>(kernel.size() / 2);
  line.resize(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    double sum = 0;
    for (int k = -radius; k <= radius; ++k) {
      const auto at = static_cast<std::size_t>(std::clamp(i + k, 0, count - 1));
      sum += kernel[static_cast<std::size_t>(k + radius)] * values[first + at * stride];
    }
    line[static_cast<std::size_t>(i)] = static_cast<float>(sum);
  }
  for (std::size_t i = 0; i < line.size(); ++i) values[first + i * stride] = line[i];
}

// values: height × width × 3.
void blur(std::vector<float>& values, int width, int height, double deviation_px) {
  const int radius = std::max(1, static_cast<int>(std::ceil(3 * deviation_px)));
  std::vector<double> kernel;
  double total = 0;
  for (int k = -radius; k <= radius; ++k) {
    kernel.push_back(std::exp(-0.5 * k * k / (deviation_px * deviation_px)));
    total += kernel.back();
  }
  for (double& weight : kernel) weight /= total;
  const auto columns = static_cast<std::size_t>(width) * 3;
  std::vector<float> line;
  for (int y = 0; y < height; ++y) {
    for (std::size_t c = 0; c < 3; ++c) {
      blur_line(values, static_cast<std::size_t>(y) * columns + c, 3, width, kernel, line);
    }
  }
  for (std::size_t x = 0; x < columns; ++x) blur_line(values, x, columns, height, kernel, line);
}

}  // namespace

Smear::Smear(int width_px, int height_px, double px_per_um)
    : width_px_(width_px), height_px_(height_px), px_per_um_(px_per_um) {
  const auto pixels = static_cast<std::size_t>(width_px) * static_cast<std::size_t>(height_px);
  for (auto& plane : amounts_) plane.assign(pixels, 0.0F);
}

image::Box Smear::paint(Pigment pigment, Point centre, double reach, const Distance& outline,
                        const Amount& amount, double softness) {
  const double edge = std::max(softness, 1 / px_per_um_);
  const double margin = reach + edge;
  const auto first = [&](double middle) {
    return std::max(0, static_cast<int>(std::floor((middle - margin) * px_per_um_)));
  };
  const auto last = [&](double middle, int size_px) {
    return std::min(size_px - 1, static_cast<int>(std::ceil((middle + margin) * px_per_um_)));
  };
  auto& plane = amounts_[static_cast<std::size_t>(pigment)];
  int left = width_px_;
  int right = -1;
  int top = height_px_;
  int bottom = -1;
  for (int y = first(centre.y); y <= last(centre.y, height_px_); ++y) {
    for (int x = first(centre.x); x <= last(centre.x, width_px_); ++x) {
      const Point at{(x + 0.5) / px_per_um_ - centre.x, (y + 0.5) / px_per_um_ - centre.y};
      const double coverage = std::clamp(0.5 - outline(at) / edge, 0.0, 1.0);
      if (coverage <= 0) continue;
      const auto pixel = static_cast<std::size_t>(y) * static_cast<std::size_t>(width_px_) +
                         static_cast<std::size_t>(x);
      plane[pixel] += static_cast<float>(coverage * std::max(0.0, amount(at)));
      if (coverage < 0.5) continue;
      left = std::min(left, x);
      right = std::max(right, x);
      top = std::min(top, y);
      bottom = std::max(bottom, y);
    }
  }
  if (right < left) return {};
  return {left, top, right - left + 1, bottom - top + 1};
}

image::Image Smear::photograph(Random& random) const {
  const Light light = draw_light(random);
  image::Image picture(width_px_, height_px_);
  std::vector<float> seen(picture.rgb.size());  // height × width × 3
  for (int y = 0; y < height_px_; ++y) {
    for (int x = 0; x < width_px_; ++x) {
      const auto pixel = static_cast<std::size_t>(y) * static_cast<std::size_t>(width_px_) +
                         static_cast<std::size_t>(x);
      const double lamp = 1 + light.slope_x * ((x + 0.5) / width_px_ - 0.5) +
                          light.slope_y * ((y + 0.5) / height_px_ - 0.5);
      Rgb density{};
      for (std::size_t p = 0; p < kPigments; ++p) {
        const double amount = amounts_[p][pixel];
        if (amount == 0) continue;
        for (std::size_t c = 0; c < 3; ++c) density[c] += amount * light.optical_density[p][c];
      }
      for (std::size_t c = 0; c < 3; ++c) {
        seen[3 * pixel + c] =
            static_cast<float>(light.ground[c] * lamp * std::exp(-std::numbers::ln10 * density[c]));
      }
    }
  }
  blur(seen, width_px_, height_px_, light.blur_px);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const double value = seen[i] + light.noise * random.normal();
    picture.rgb[i] = static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
  }
  return picture;
}

}  // namespace bloodcell::data::synthetic
