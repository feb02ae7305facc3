// The part of a picture that a network sees of one cell: between decoding and preprocess(), the
// same in training, evaluation and prediction. The picture is what was decoded, at any scale; boxes
// are in its pixels.
#pragma once

#include <array>
#include <optional>

#include <bloodcell/image/geometry.hpp>
#include <bloodcell/image/preprocess.hpp>

namespace bloodcell::image {

// The square about the middle of `cell` whose side is `margin` times its longer side; `cell` itself
// when margin is 0. It may reach beyond the picture.
[[nodiscard]] Box cell_square(const Box& cell, double margin);

// What each channel is multiplied by, in 1/4 … 4.
using Gains = std::array<double, 3>;

// The gains that bring the light of the ground – each channel's brightest tenth begins there,
// black fill not counted – to `white_point`; 1 for a white point of 0 and for a black picture.
[[nodiscard]] Gains gains_to_white(const Image& picture, double white_point);

// cell_square, mirrored at the picture's edges, in the colours that `gains` give. Without a cell
// the whole picture. Thread-safe.
[[nodiscard]] Image frame(const Image& picture, const std::optional<Box>& cell,
                          const Preprocessing& preprocessing, const Gains& gains);

// The whole picture in the input's size, in the colours of its own gains_to_white: what a network
// sees of a field. Thread-safe.
[[nodiscard]] Image whole_frame(const Image& picture, const Preprocessing& preprocessing);

}  // namespace bloodcell::image
