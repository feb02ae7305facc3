// What is kept of a picture to find others of the same field: SIFT keypoints (Lowe 2004) with
// RootSIFT descriptors (Arandjelović and Zisserman 2012) in 128 bytes each, and a small grey
// picture for the last check. At most 85 kB a picture. Private to the layer.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <opencv2/core.hpp>

#include <bloodcell/image/image.hpp>

namespace bloodcell::data {

inline constexpr int kLongSidePx = 320;  // the working size: larger pictures are shrunk to it
inline constexpr std::size_t kMostKeypoints = 350;
inline constexpr std::size_t kFewestKeypoints = 12;  // with fewer, a picture is too little to match
inline constexpr std::size_t kDescriptorBytes = 128;
inline constexpr int kGreyStep = 2;  // the grey picture is this much smaller than the working size

struct Keypoint {
  float x_px = 0;  // of the working size
  float y_px = 0;
  float size_px = 0;
  float angle_rad = 0;  // in the image, x right and y down
};

using Descriptor = std::span<const std::uint8_t, kDescriptorBytes>;

struct Fingerprint {
  int width_px = 0;  // the working size
  int height_px = 0;
  std::vector<Keypoint> keypoints;
  std::vector<std::uint8_t> descriptors;  // keypoints × 128
  cv::Mat1b detail;  // local grey detail about 128, 1 … 255; 0 where the picture is fill

  [[nodiscard]] Descriptor descriptor(std::size_t i) const {
    return Descriptor(&descriptors[i * kDescriptorBytes], kDescriptorBytes);
  }
  [[nodiscard]] bool too_little() const { return keypoints.size() < kFewestKeypoints; }
};

[[nodiscard]] Fingerprint fingerprint_of(const image::Image& picture);

// The fingerprint of the picture seen in a mirror (left and right exchanged). SIFT's cells and
// orientation bins lie symmetrically, so this is a permutation and needs no second look.
[[nodiscard]] Fingerprint mirrored(const Fingerprint& fingerprint);

// How alike each descriptor of `a` is to each of `b`: the sum of products, [a, b] row by row. All
// descriptors have length 512, so that 512² says equal.
[[nodiscard]] std::vector<std::int32_t> likenesses_of(std::span<const std::uint8_t> a,
                                                      std::span<const std::uint8_t> b);
inline constexpr std::int32_t kSameLikeness = 512 * 512;

}  // namespace bloodcell::data
