#include "families/fingerprint.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include <opencv2/core/hal/intrin.hpp>
#include <opencv2/features2d.hpp>
#include <opencv2/imgproc.hpp>

namespace bloodcell::data {
namespace {

constexpr int kDarkestContent = 20;       // what is darker and joined to the edge is fill
constexpr int kFillMarginPx = 3;          // blur and JPEG ringing about fill
constexpr double kLeastContrast = 0.006;  // SIFT's own is 0.04: smears are pale and soft
constexpr double kEdgeRatio = 12;
constexpr double kDetailRadiusPx = 7;  // of the grey picture

struct Working {
  cv::Mat1b grey;
  cv::Mat1b valid;  // 255 where the picture is, 0 where it is fill
};

cv::Mat1b without_fill(const cv::Mat1b& brightest) {
  const cv::Mat dark = brightest <= kDarkestContent;
  cv::Mat1b framed;
  cv::copyMakeBorder(dark, framed, 1, 1, 1, 1, cv::BORDER_CONSTANT, cv::Scalar(255));
  cv::floodFill(framed, cv::Point(0, 0), cv::Scalar(128));
  cv::Mat valid = framed(cv::Rect(1, 1, dark.cols, dark.rows)) != 128;
  const cv::Mat shape = cv::getStructuringElement(
      cv::MORPH_ELLIPSE, cv::Size(2 * kFillMarginPx + 1, 2 * kFillMarginPx + 1));
  cv::erode(valid, valid, shape, cv::Point(-1, -1), 1, cv::BORDER_CONSTANT, cv::Scalar(255));
  return valid;
}

// Fill takes the value of the nearest content, so that its edge is no feature.
void smooth_over_fill(Working& working) {
  if (cv::countNonZero(working.valid) == 0) return;
  cv::Mat distance;
  cv::Mat1i nearest;
  cv::distanceTransform(~working.valid, distance, nearest, cv::DIST_L2, 5, cv::DIST_LABEL_PIXEL);
  std::vector<std::uint8_t> value_of(1);
  for (int y = 0; y < nearest.rows; ++y) {
    for (int x = 0; x < nearest.cols; ++x) {
      if (working.valid(y, x) == 0) continue;
      const auto label = static_cast<std::size_t>(nearest(y, x));
      if (label >= value_of.size()) value_of.resize(label + 1);
      value_of[label] = working.grey(y, x);
    }
  }
  for (int y = 0; y < nearest.rows; ++y) {
    for (int x = 0; x < nearest.cols; ++x) {
      working.grey(y, x) = value_of[static_cast<std::size_t>(nearest(y, x))];
    }
  }
}

Working working_copy(const image::Image& picture) {
  const cv::Mat3b rgb(picture.height_px, picture.width_px,
                      reinterpret_cast<cv::Vec3b*>(const_cast<std::uint8_t*>(picture.rgb.data())));
  const double scale =
      std::min(1.0, static_cast<double>(kLongSidePx) / std::max(rgb.cols, rgb.rows));
  const cv::Size size(std::max(1, cvRound(rgb.cols * scale)),
                      std::max(1, cvRound(rgb.rows * scale)));
  cv::Mat3b small;
  cv::resize(rgb, small, size, 0, 0, cv::INTER_AREA);

  Working working;
  cv::cvtColor(small, working.grey, cv::COLOR_RGB2GRAY);
  cv::Mat1b brightest(small.size());
  std::transform(small.begin(), small.end(), brightest.begin(),
                 [](const cv::Vec3b& p) { return std::max({p[0], p[1], p[2]}); });
  working.valid = without_fill(brightest);
  if (cv::countNonZero(working.valid) < static_cast<int>(working.valid.total())) {
    smooth_over_fill(working);
  }
  return working;
}

// Grey minus its surroundings, by the local contrast: shading and brightness are gone.
cv::Mat1b detail_of(const Working& working) {
  const cv::Size size((working.grey.cols + kGreyStep - 1) / kGreyStep,
                      (working.grey.rows + kGreyStep - 1) / kGreyStep);
  cv::Mat1f grey;
  cv::Mat1b valid;
  cv::Mat1b small;
  cv::resize(working.grey, small, size, 0, 0, cv::INTER_AREA);
  cv::resize(working.valid, valid, size, 0, 0, cv::INTER_NEAREST);
  small.convertTo(grey, CV_32F);

  cv::Mat1f mean;
  cv::GaussianBlur(grey, mean, cv::Size(), kDetailRadiusPx);
  cv::Mat1f detail;
  cv::subtract(grey, mean, detail);
  cv::Scalar centre;
  cv::Scalar deviation;
  cv::meanStdDev(detail, centre, deviation, valid);
  const double gain = 36.0 / std::max(1.0, deviation[0]);
  cv::Mat1b result(size);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const double value = 128.0 + gain * static_cast<double>(detail(y, x));
      result(y, x) = valid(y, x) == 0
                         ? std::uint8_t{0}
                         : static_cast<std::uint8_t>(std::clamp(std::lround(value), 1L, 255L));
    }
  }
  return result;
}

// Hellinger kernel: square roots of the parts of the sum, then bytes of length 512.
void append_root(const float* sift, std::vector<std::uint8_t>& descriptors) {
  const float sum = std::accumulate(sift, sift + kDescriptorBytes, 0.0F);
  for (std::size_t i = 0; i < kDescriptorBytes; ++i) {
    const float root = 512.0F * std::sqrt(sift[i] / std::max(sum, 1.0F));
    descriptors.push_back(static_cast<std::uint8_t>(std::min(255L, std::lround(root))));
  }
}

// The sums of products of one descriptor with four that follow each other: four at a time read the
// one less often.
void four_sums(const std::int16_t* one, const std::int16_t* four, std::int32_t* sums) {
#if CV_SIMD128
  const std::int16_t* second = four + kDescriptorBytes;
  const std::int16_t* third = second + kDescriptorBytes;
  const std::int16_t* fourth = third + kDescriptorBytes;
  cv::v_int32x4 s0 = cv::v_setzero_s32();
  cv::v_int32x4 s1 = s0;
  cv::v_int32x4 s2 = s0;
  cv::v_int32x4 s3 = s0;
  for (std::size_t i = 0; i < kDescriptorBytes; i += 8) {
    const cv::v_int16x8 mine = cv::v_load(one + i);
    s0 = cv::v_dotprod_fast(mine, cv::v_load(four + i), s0);
    s1 = cv::v_dotprod_fast(mine, cv::v_load(second + i), s1);
    s2 = cv::v_dotprod_fast(mine, cv::v_load(third + i), s2);
    s3 = cv::v_dotprod_fast(mine, cv::v_load(fourth + i), s3);
  }
  cv::v_int32x4 t0, t1, t2, t3;
  cv::v_transpose4x4(s0, s1, s2, s3, t0, t1, t2, t3);
  cv::v_store(sums, t0 + t1 + t2 + t3);
#else
  for (std::size_t k = 0; k < 4; ++k) {
    sums[k] = std::inner_product(one, one + kDescriptorBytes, four + k * kDescriptorBytes, 0);
  }
#endif
}

}  // namespace

Fingerprint fingerprint_of(const image::Image& picture) {
  const Working working = working_copy(picture);
  Fingerprint result;
  result.width_px = working.grey.cols;
  result.height_px = working.grey.rows;
  result.detail = detail_of(working);

  const auto sift =
      cv::SIFT::create(static_cast<int>(kMostKeypoints), 3, kLeastContrast, kEdgeRatio, 1.6);
  std::vector<cv::KeyPoint> found;
  cv::Mat1f sift_descriptors;
  sift->detectAndCompute(working.grey, working.valid, found, sift_descriptors);
  const std::size_t count = std::min(found.size(), kMostKeypoints);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& point = found[i];
    result.keypoints.push_back(
        {point.pt.x, point.pt.y, point.size, point.angle * std::numbers::pi_v<float> / 180.0F});
    append_root(sift_descriptors.ptr<float>(static_cast<int>(i)), result.descriptors);
  }
  return result;
}

Fingerprint mirrored(const Fingerprint& fingerprint) {
  constexpr std::size_t kCells = 4;
  constexpr std::size_t kBins = 8;
  Fingerprint result;
  result.width_px = fingerprint.width_px;
  result.height_px = fingerprint.height_px;
  cv::flip(fingerprint.detail, result.detail, 1);
  for (const auto& point : fingerprint.keypoints) {
    result.keypoints.push_back({static_cast<float>(fingerprint.width_px - 1) - point.x_px,
                                point.y_px, point.size_px,
                                std::numbers::pi_v<float> - point.angle_rad});
  }
  result.descriptors.resize(fingerprint.descriptors.size());
  for (std::size_t i = 0; i < fingerprint.descriptors.size(); ++i) {
    const std::size_t bin = i % kBins;
    const std::size_t column = i / kBins % kCells;
    const std::size_t row = i / (kBins * kCells) % kCells;
    const std::size_t start = i - i % kDescriptorBytes;
    result.descriptors[start + ((kCells - 1 - row) * kCells + column) * kBins +
                       (kBins - bin) % kBins] = fingerprint.descriptors[i];
  }
  return result;
}

std::vector<std::int32_t> likenesses_of(std::span<const std::uint8_t> a,
                                        std::span<const std::uint8_t> b) {
  // 16 bits wide: every processor multiplies and adds these eight or more at a time.
  const std::size_t rows = a.size() / kDescriptorBytes;
  const std::size_t columns = b.size() / kDescriptorBytes;
  const std::size_t padded = (columns + 3) / 4 * 4;
  const std::vector<std::int16_t> wide_a(a.begin(), a.end());
  std::vector<std::int16_t> wide_b(padded * kDescriptorBytes);
  std::copy(b.begin(), b.end(), wide_b.begin());
  std::vector<std::int32_t> result(rows * columns);
  std::vector<std::int32_t> row(padded);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < padded; j += 4) {
      four_sums(&wide_a[i * kDescriptorBytes], &wide_b[j * kDescriptorBytes], &row[j]);
    }
    std::copy_n(row.begin(), columns, result.begin() + static_cast<std::ptrdiff_t>(i * columns));
  }
  return result;
}

}  // namespace bloodcell::data
