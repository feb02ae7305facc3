// How a picture looks, in a few numbers that tell a sharp, whole, usually stained cell from others.
// Measured on what the network sees, so that they mean the same in calibration and prediction.
#pragma once

#include <array>
#include <string_view>

#include <bloodcell/image/image.hpp>

namespace bloodcell::predict {

enum class PictureMeasure {
  sharpness,          // ln(1 + variance of the Laplacian of the luma), data::Measure::sharpness
  nucleus_share,      // of the pixels darker in red than Otsu's threshold (1979): chromatin is blue
                      // to purple and dark there, red cells and ground are bright; 0 … 1
  nucleus_at_border,  // share of those pixels in the outermost 3 % of the sides; 0 … 1
  nucleus_redness,    // R / (R + G + B), mean over those pixels; 1/3 without any
  nucleus_greenness,  // G / (R + G + B)
  ground_redness,     // the same over the others
  ground_greenness,
};
inline constexpr std::size_t kPictureMeasures = 7;
using PictureMeasures = std::array<double, kPictureMeasures>;  // by PictureMeasure

// `sharpness` … `ground_greenness`, as the model file writes them.
[[nodiscard]] std::string_view name_of(PictureMeasure measure);

// What it means for a person when the measure is lower, or higher, than in pictures learnt from:
// `out of focus`.
[[nodiscard]] std::string_view reason_when_low(PictureMeasure measure);
[[nodiscard]] std::string_view reason_when_high(PictureMeasure measure);

// Not empty. O(pixels).
[[nodiscard]] PictureMeasures measures_of(const image::Image& seen);

}  // namespace bloodcell::predict
