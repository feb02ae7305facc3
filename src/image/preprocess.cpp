#include <bloodcell/image/preprocess.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace bloodcell::image {

namespace {

constexpr int kLongestSide = 4096;
constexpr double kLargestMargin = 4;

Image letterboxed(const Image& image, const Preprocessing& p) {
  const Box place = letterbox_place(image.width_px, image.height_px, p);
  Image resized = resize(image, place.width, place.height, p.interpolation);
  if (place.width == p.width_px && place.height == p.height_px) return resized;
  return crop(resized, {-place.x, -place.y, p.width_px, p.height_px}, p.fill);
}

Image cropped(const Image& image, const Preprocessing& p) {
  // The largest part of the picture that has the input's shape, in the middle.
  const std::int64_t by_height = std::int64_t{image.height_px} * p.width_px / p.height_px;
  const std::int64_t by_width = std::int64_t{image.width_px} * p.height_px / p.width_px;
  const int width = static_cast<int>(std::clamp<std::int64_t>(by_height, 1, image.width_px));
  const int height = static_cast<int>(std::clamp<std::int64_t>(by_width, 1, image.height_px));
  const Box middle{(image.width_px - width) / 2, (image.height_px - height) / 2, width, height};
  return resize(crop(image, middle, p.fill), p.width_px, p.height_px, p.interpolation);
}

Image fitted(const Image& image, const Preprocessing& p) {
  switch (p.fit) {
    case Fit::stretch: return resize(image, p.width_px, p.height_px, p.interpolation);
    case Fit::letterbox: return letterboxed(image, p);
    case Fit::crop: return cropped(image, p);
  }
  return image;
}

}  // namespace

Result<void> check(const Preprocessing& p) {
  const auto bad_side = [](int side) { return side < 1 || side > kLongestSide; };
  if (bad_side(p.width_px) || bad_side(p.height_px)) {
    return fail(ErrorCode::malformed,
                fmt::format("preprocessing to {}x{} pixels, sides must be 1 to {}", p.width_px,
                            p.height_px, kLongestSide));
  }
  for (std::size_t c = 0; c < 3; ++c) {
    if (!std::isfinite(p.mean[c])) {
      return fail(ErrorCode::malformed, "preprocessing with a mean that is not a number");
    }
    if (!(std::isfinite(p.deviation[c]) && p.deviation[c] > 0)) {
      return fail(
          ErrorCode::malformed,
          fmt::format("preprocessing with a deviation of {}, must be above 0", p.deviation[c]));
    }
  }
  if (p.cell_margin != 0 && !(p.cell_margin >= 1 && p.cell_margin <= kLargestMargin)) {
    return fail(ErrorCode::malformed,
                fmt::format("preprocessing with a cell margin of {}, must be 0 or 1 to {}",
                            p.cell_margin, kLargestMargin));
  }
  if (!(p.white_point >= 0 && p.white_point <= 255)) {
    return fail(
        ErrorCode::malformed,
        fmt::format("preprocessing with a white point of {}, must be 0 to 255", p.white_point));
  }
  return {};
}

Box letterbox_place(int width_px, int height_px, const Preprocessing& p) {
  const double scale = std::min(static_cast<double>(p.width_px) / width_px,
                                static_cast<double>(p.height_px) / height_px);
  const auto side = [scale](int length, int most) {
    return std::clamp(static_cast<int>(std::lround(length * scale)), 1, most);
  };
  const int width = side(width_px, p.width_px);
  const int height = side(height_px, p.height_px);
  return {(p.width_px - width) / 2, (p.height_px - height) / 2, width, height};
}

DecodeOptions decode_options_for(const Preprocessing& p) {
  // A letterboxed picture fills one side only and could be read smaller still; both sides are asked
  // for, so that one rule holds for every fit.
  return {p.width_px, p.height_px};
}

Image fit(const Image& image, const Preprocessing& p) {
  const bool fits = image.width_px == p.width_px && image.height_px == p.height_px;
  return fits ? image : fitted(image, p);
}

void preprocess(const Image& image, const Preprocessing& p, std::span<float> input) {
  assert(!image.empty() && input.size() == p.input_values());
  const bool fits = image.width_px == p.width_px && image.height_px == p.height_px;
  const Image resized = fits ? Image() : fitted(image, p);
  const Image& pixels = fits ? image : resized;
  const std::size_t plane = input.size() / 3;
  for (std::size_t c = 0; c < 3; ++c) {
    const std::size_t from = p.channels == ChannelOrder::rgb ? c : 2 - c;
    std::array<float, 256> value{};
    for (std::size_t v = 0; v < value.size(); ++v) {
      value[v] = static_cast<float>((static_cast<double>(v) - p.mean[c]) / p.deviation[c]);
    }
    float* to = input.data() + c * plane;
    const std::uint8_t* pixel = pixels.rgb.data() + from;
    for (std::size_t i = 0; i < plane; ++i) to[i] = value[pixel[3 * i]];
  }
}

Image seen_picture(std::span<const float> input, const Preprocessing& p) {
  assert(input.size() == p.input_values());
  Image picture(p.width_px, p.height_px);
  const std::size_t plane = input.size() / 3;
  for (std::size_t c = 0; c < 3; ++c) {
    const std::size_t to = p.channels == ChannelOrder::rgb ? c : 2 - c;
    for (std::size_t i = 0; i < plane; ++i) {
      const double value = input[c * plane + i] * p.deviation[c] + p.mean[c];
      picture.rgb[3 * i + to] = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0) + 0.5);
    }
  }
  return picture;
}

}  // namespace bloodcell::image
