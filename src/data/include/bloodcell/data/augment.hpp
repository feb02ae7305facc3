// Changes that a picture of the same cell could have shown. They act on the framed picture, before
// preprocess(), while training only.
#pragma once

#include <span>
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
  double shear = 0;           // ± this: a column moves by so much of its height
  // What another laboratory does to the same cell. Factors are e^u, u in ± the number.
  double stain = 0;  // of the optical density (Tellez et al. 2018): all channels, each by half
  double stain_mixing =
      0;  // ± this part of a channel's density goes to each other channel: hues turn
  double white_balance = 0;  // of the light, each channel
  double illumination = 0;   // ± this: brighter at one side by this part, darker at the other
  double blur = 0;           // with chance 1/2 Gaussian, deviation up to this part of the width
  double noise = 0;          // with chance 1/2 Gaussian, deviation up to so many of 255 levels
  int jpeg_quality = 0;      // with chance 1/2 stored as JPEG, this quality to 95; 0: never
  double frame_cut = 0;  // chance that up to a third of the picture lies beyond the frame: black
  double cutout = 0;     // chance of a rectangle of the mean colour, up to a third of each side
  friend bool operator==(const Augmentation&, const Augmentation&) = default;
};

// `none`; `seed`: the seed project's (facts.md 1.1), with Keras' reflected borders; `turn`: what is
// free for a cell under a microscope (both flips, any rotation, small shift and scale, light
// jitter); `robust`: `turn` and what other laboratories do to stain, light, focus and file;
// `laboratories`: `robust` and hues that turn, as with other dyes and cameras.
[[nodiscard]] Result<Augmentation> augmentation_named(std::string_view name);
[[nodiscard]] std::span<const std::string_view> augmentation_names();

// Flips, turn, scale, shear and shift are one bilinear warp about the middle, so that pixels are
// interpolated once; then contrast, clipped, then brightness, clipped, rounded once; then stain and
// white balance in one curve a channel, illumination, blur, noise, JPEG, frame cut, cutout.
// Thread-safe.
[[nodiscard]] image::Image augment(const image::Image& image, const Augmentation& augmentation,
                                   Random random);

}  // namespace bloodcell::data
