#include <bloodcell/data/other_pictures.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include <opencv2/imgproc.hpp>

#include <bloodcell/base/random.hpp>

#include "noise.hpp"

namespace bloodcell::data {

namespace {

using Colour = std::array<double, 3>;  // 0 … 255

std::uint8_t byte_of(double value) {
  return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
}

// Colours about one, greys, or any.
class Palette {
 public:
  explicit Palette(Random& random) : kind_(random.below(3)) {
    for (double& channel : about_) channel = random.uniform(0, 256);
  }
  cv::Scalar draw(Random& random) const {
    constexpr double kSpread = 40;
    Colour colour{};
    for (std::size_t c = 0; c < 3; ++c) {
      colour[c] = kind_ == 0 ? about_[c] + kSpread * random.normal() : random.uniform(0, 256);
    }
    if (kind_ == 1) colour[1] = colour[2] = colour[0];
    return {double(byte_of(colour[0])), double(byte_of(colour[1])), double(byte_of(colour[2]))};
  }

 private:
  std::uint64_t kind_;
  Colour about_{};
};

void draw_leaf(cv::Mat& canvas, cv::Point2d centre, double radius, const cv::Scalar& colour,
               Random& random) {
  constexpr double kFullTurn = 2 * std::numbers::pi;
  const std::uint64_t shape = random.below(3);
  const double flatness = random.uniform(0.3, 1);
  if (shape == 0) {
    const cv::RotatedRect round(
        cv::Point2f(cv::Point2d(centre)),
        cv::Size2f(static_cast<float>(2 * radius), static_cast<float>(2 * radius * flatness)),
        static_cast<float>(random.uniform(0, 360)));
    cv::ellipse(canvas, round, colour, cv::FILLED, cv::LINE_AA);
    return;
  }
  std::vector<double> angles(shape == 1 ? 4 : 3 + random.below(5));
  const double turned = random.uniform(0, kFullTurn);
  for (std::size_t i = 0; i < angles.size(); ++i) {
    const double corner = std::atan2(i < 2 ? flatness : -flatness, i % 3 == 0 ? 1 : -1);
    angles[i] = shape == 1 ? corner + turned : random.uniform(0, kFullTurn);
  }
  if (shape == 2) std::sort(angles.begin(), angles.end());
  std::vector<cv::Point> outline;
  for (const double angle : angles) {
    outline.emplace_back(
        cv::Point2d(centre.x + radius * std::cos(angle), centre.y + radius * std::sin(angle)));
  }
  cv::fillPoly(canvas, outline, colour, cv::LINE_AA);
}

// Radii by the inverse cube, so that the picture looks alike at every scale.
void draw_leaves(image::Image& picture, Random& random) {
  const double side = picture.width_px;
  cv::Mat canvas(picture.height_px, picture.width_px, CV_8UC3, picture.rgb.data());
  const Palette palette(random);
  canvas.setTo(palette.draw(random));
  const double least = side * random.uniform(0.01, 0.1);
  const double largest = random.uniform(2 * least, side);
  const auto count = 20 + random.below(380);
  for (std::uint64_t i = 0; i < count; ++i) {
    const double share = random.uniform();
    const double inverse_square = (1 - share) / (least * least) + share / (largest * largest);
    const double x = random.uniform(0, side);
    const double y = random.uniform(0, side);
    draw_leaf(canvas, {x, y}, 1 / std::sqrt(inverse_square), palette.draw(random), random);
  }
}

// Three maps of values, mixed by chance into colours about a middle.
void colour(image::Image& picture, std::vector<Colour>& values, double contrast, Random& random) {
  Colour mean{};
  Colour square{};
  for (const Colour& value : values) {
    for (std::size_t c = 0; c < 3; ++c) {
      mean[c] += value[c] / static_cast<double>(values.size());
      square[c] += value[c] * value[c] / static_cast<double>(values.size());
    }
  }
  std::array<Colour, 3> mixture{};  // [into][from]
  const double common = random.chance(0.5) ? 1 : 0;
  const double own = random.chance(0.3) ? 0.2 : 1;
  Colour middle{};
  for (std::size_t c = 0; c < 3; ++c) {
    for (double& part : mixture[c]) part = common + own * random.normal();
    const double length = std::hypot(mixture[c][0], mixture[c][1], mixture[c][2]) + 1e-9;
    for (double& part : mixture[c]) part *= contrast / length;
    middle[c] = random.uniform(40, 220);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      double value = middle[c];
      for (std::size_t from = 0; from < 3; ++from) {
        const double spread = std::sqrt(std::max(square[from] - mean[from] * mean[from], 1e-12));
        value += mixture[c][from] * (values[i][from] - mean[from]) / spread;
      }
      picture.rgb[3 * i + c] = byte_of(value);
    }
  }
}

// Octaves of noise; how fast they fade says how coarse the cloud is.
void draw_clouds(image::Image& picture, Random& random) {
  constexpr int kOctaves = 7;
  constexpr double kShift = 7.3;  // so that octaves do not share their lattice's corners
  const std::array<synthetic::Noise, 3> noise{synthetic::Noise(random), synthetic::Noise(random),
                                              synthetic::Noise(random)};
  const double fading = std::exp2(-random.uniform(-0.5, 2));
  std::vector<Colour> values(picture.rgb.size() / 3);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto width = static_cast<std::size_t>(picture.width_px);
    const double x = static_cast<double>(i % width) / static_cast<double>(width);
    const double y = static_cast<double>(i / width) / static_cast<double>(width);
    double strength = 1;
    for (int octave = 0; octave < kOctaves; ++octave) {
      const double scale = std::exp2(octave + 1);
      for (std::size_t c = 0; c < 3; ++c) {
        values[i][c] += strength * noise[c].at(scale * x + kShift * octave, scale * y);
      }
      strength *= fading;
    }
  }
  colour(picture, values, random.uniform(15, 70), random);
}

void draw_waves(image::Image& picture, Random& random) {
  constexpr double kFullTurn = 2 * std::numbers::pi;
  const auto width = static_cast<std::size_t>(picture.width_px);
  std::vector<Colour> values(picture.rgb.size() / 3);
  const auto waves = 1 + random.below(4);
  for (std::uint64_t wave = 0; wave < waves; ++wave) {
    const double periods = random.uniform(1, 30);
    const double angle = random.uniform(0, std::numbers::pi);
    const double phase = random.uniform(0, kFullTurn);
    const bool is_striped = random.chance(0.5);
    const Colour strength{random.normal(), random.normal(), random.normal()};
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double x = static_cast<double>(i % width) / static_cast<double>(width);
      const double y = static_cast<double>(i / width) / static_cast<double>(width);
      double value =
          std::sin(kFullTurn * periods * (x * std::cos(angle) + y * std::sin(angle)) + phase);
      if (is_striped) value = value > 0 ? 1 : -1;
      for (std::size_t c = 0; c < 3; ++c) values[i][c] += strength[c] * value;
    }
  }
  colour(picture, values, random.uniform(10, 80), random);
}

}  // namespace

image::Image other_picture(std::uint64_t seed, std::uint64_t index, int side_px) {
  Random random(seed, stream_of("other picture"), index);
  image::Image picture(side_px, side_px);
  switch (index % 3) {
    case 0: draw_leaves(picture, random); break;
    case 1: draw_clouds(picture, random); break;
    default: draw_waves(picture, random); break;
  }
  return picture;
}

}  // namespace bloodcell::data
