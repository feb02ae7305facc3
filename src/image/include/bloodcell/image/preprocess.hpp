// Picture → network input: the one implementation, for training, evaluation, command line and
// server. The description travels in the model file, so that no program can feed a network the
// wrong numbers.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <nlohmann/json_fwd.hpp>

#include <bloodcell/base/result.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/geometry.hpp>

namespace bloodcell::image {

enum class Fit {
  stretch,    // both sides to the input size, shape not kept
  letterbox,  // whole picture inside, `fill` beside it, centred
  crop,       // input filled, the longer side cut evenly
};

enum class ChannelOrder { rgb, bgr };

// input = (pixel − mean) / deviation, a channel at a time, pixel in 0 … 255;
// mean and deviation stand in the order of the network's channels.
struct Preprocessing {
  int width_px = 0;
  int height_px = 0;
  Fit fit = Fit::stretch;
  Interpolation interpolation = Interpolation::area;
  std::array<std::uint8_t, 3> fill{0, 0, 0};  // RGB
  ChannelOrder channels = ChannelOrder::rgb;
  std::array<double, 3> mean{0, 0, 0};
  std::array<double, 3> deviation{1, 1, 1};  // > 0
  // Before all else, see frame.hpp: how the part of the picture that shows one cell is cut out.
  double cell_margin = 0;  // side of the square, in longer sides of the cell's box; 0: the box
  double white_point = 0;  // where the ground's light goes, in each channel; 0: colours stay

  [[nodiscard]] std::size_t input_values() const {
    return 3 * static_cast<std::size_t>(width_px) * static_cast<std::size_t>(height_px);
  }
  friend bool operator==(const Preprocessing&, const Preprocessing&) = default;
};

// Errors: malformed for sides outside 1 … 4096, a deviation that is not a positive number, a mean
// that is not finite, a margin that is neither 0 nor 1 … 4, a white point outside 0 … 255.
[[nodiscard]] Result<void> check(const Preprocessing& preprocessing);

// How small a JPEG may be decoded for this input without losing what the resize would keep.
[[nodiscard]] DecodeOptions decode_options_for(const Preprocessing& preprocessing);

// Where the whole picture comes to lie in a letterboxed input.
[[nodiscard]] Box letterbox_place(int width_px, int height_px, const Preprocessing& preprocessing);

// The picture in the input's size, as `fit` says; preprocess() takes it as it is. Thread-safe.
[[nodiscard]] Image fit(const Image& image, const Preprocessing& preprocessing);

// `input` has 3 × height × width floats, planes one after the other (CHW). Thread-safe.
void preprocess(const Image& image, const Preprocessing& preprocessing, std::span<float> input);

// The picture an input was made of, at the input's size, values rounded: what the network sees, for
// people and for measures of it.
[[nodiscard]] Image seen_picture(std::span<const float> input, const Preprocessing& preprocessing);

[[nodiscard]] nlohmann::json to_json(const Preprocessing& preprocessing);
// Errors: malformed, naming the field that is missing, of the wrong type or out of range.
[[nodiscard]] Result<Preprocessing> preprocessing_from_json(const nlohmann::json& json);

}  // namespace bloodcell::image
