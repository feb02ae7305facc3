// Cutting, turning and resizing pictures. The same result for any number of threads and on every
// x86-64 machine with the same OpenCV (its area mean and warp compute places in floating point).
#pragma once

#include <array>
#include <cstdint>

#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>

namespace bloodcell::image {

enum class Interpolation {
  bilinear,  // of the four nearest pixels, half-pixel centres, bit-exact; aliases when shrinking
  area,      // along a side that shrinks the mean of the pixels covered, else bilinear
};

// The part of `image` in `box`; what lies outside the picture is `fill`.
[[nodiscard]] Image crop(const Image& image, const Box& box, std::array<std::uint8_t, 3> fill);

// The same; what lies outside is the picture mirrored at its edge, again and again.
[[nodiscard]] Image crop_mirrored(const Image& image, const Box& box);

[[nodiscard]] Image resize(const Image& image, int width_px, int height_px, Interpolation how);

// A 2×3 matrix that takes a pixel of the result to the place in the source it is read from.
using Affine = std::array<double, 6>;

// What an affine warp reads outside the source.
enum class Border { constant, reflect };

// The warped picture, of the source's size, bilinear. `fill` only for Border::constant.
[[nodiscard]] Image warp(const Image& image, const Affine& to_source, Border border,
                         std::array<std::uint8_t, 3> fill = {0, 0, 0});

}  // namespace bloodcell::image
