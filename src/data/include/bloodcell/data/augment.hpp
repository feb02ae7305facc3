// Changes that a picture of the same cell could have shown. They act on the framed picture, before
// preprocess(), while training only.
#pragma once

#include <string_view>

#include <bloodcell/base/random.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>

namespace bloodcell::data {

// Each draw is uniform; 0 or false leaves the step out.
struct Augmentation {
  bool flip_horizontally = false;  // with chance 1/2
  bool flip_vertically = false;
  double rotation_turns = 0;  // ± this part of a full turn
  double contrast = 0;        // factor in 1 ± this, about each channel's mean
  double brightness = 0;      // ± this times 255, added
  double translation = 0;     // ± this part of width and of height
  double scale = 0;           // factor in 1 ± this
  friend bool operator==(const Augmentation&, const Augmentation&) = default;
};

// `none`; `seed`: the seed project's (facts.md 1.1), with Keras' reflected borders; `turn`: what is
// free for a cell under a microscope (both flips, any rotation, small shift and scale, light
// jitter).
[[nodiscard]] Result<Augmentation> augmentation_named(std::string_view name);

// Flips, turn, scale and shift are one bilinear warp about the middle, so that pixels are
// interpolated once; then contrast, clipped, then brightness, clipped, rounded once. Thread-safe.
[[nodiscard]] image::Image augment(const image::Image& image, const Augmentation& augmentation,
                                   Random random);

}  // namespace bloodcell::data
