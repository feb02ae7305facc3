#include <bloodcell/train/mixing.hpp>

#include <cmath>
#include <numeric>

#include <bloodcell/test/support.hpp>

namespace bloodcell::train {
namespace {

constexpr int kSide = 8;
constexpr std::size_t kValues = 3 * kSide * kSide;
const std::vector<std::int64_t> kLabels{0, 1, 2, 1};

// Picture i is full of the value i.
std::vector<float> flat_pictures() {
  std::vector<float> images(kLabels.size() * kValues);
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<float>(i / kValues);
  return images;
}

struct Mixed {
  std::vector<float> images = flat_pictures();
  MixedLabels labels;
};

Mixed mixed_by(const MixingOptions& options, std::uint64_t draw) {
  Mixed mixed;
  mixed.labels = mix(mixed.images, kLabels, kSide, kSide, 3, options, Random(1, 2, draw));
  return mixed;
}

double mean_of(const Mixed& mixed, std::size_t picture) {
  const auto first = mixed.images.begin() + static_cast<std::ptrdiff_t>(picture * kValues);
  return std::accumulate(first, first + static_cast<std::ptrdiff_t>(kValues), 0.0) / kValues;
}

// A flat picture's mean is own · i + (1 − own) · partner, its labels' shares are own and 1 − own.
void expect_labels_follow_pixels(const Mixed& mixed) {
  for (std::size_t i = 0; i < kLabels.size(); ++i) {
    const float* shares = mixed.labels.shares.data() + 3 * i;
    EXPECT_NEAR(shares[0] + shares[1] + shares[2], 1, 1e-6);
    double own = shares[kLabels[i]];
    if (own > 1 - 1e-6) continue;  // mixed with its like, or not at all
    bool explained = false;
    for (std::size_t partner = 0; partner < kLabels.size(); ++partner) {
      const double wanted = own * static_cast<double>(i) + (1 - own) * static_cast<double>(partner);
      explained = explained || (std::abs(mean_of(mixed, i) - wanted) < 1e-4 &&
                                std::abs(shares[kLabels[partner]] - (1 - own)) < 1e-5);
    }
    EXPECT_TRUE(explained) << "picture " << i;
    EXPECT_GE(shares[mixed.labels.labels[i]], 0.5F - 1e-6F);
  }
}

TEST(Mixup, SharesLabelsAsPixels) {
  for (std::uint64_t draw = 0; draw < 50; ++draw) {
    const auto mixed = mixed_by({.mixup = 0.4}, draw);
    expect_labels_follow_pixels(mixed);
    for (std::size_t i = 0; i < kLabels.size(); ++i) {  // a blend is flat as its parts are
      EXPECT_FLOAT_EQ(mixed.images[i * kValues], mixed.images[(i + 1) * kValues - 1]);
    }
  }
}

TEST(Cutmix, SharesLabelsAsTheArea) {
  for (std::uint64_t draw = 0; draw < 50; ++draw) {
    const auto mixed = mixed_by({.cutmix = 1}, draw);
    expect_labels_follow_pixels(mixed);
    for (const float value : mixed.images) EXPECT_EQ(value, std::round(value));  // pasted whole
  }
}

TEST(Mixing, OfBothDrawsOneForEachBatch) {
  int blended = 0;
  for (std::uint64_t draw = 0; draw < 100; ++draw) {
    const auto mixed = mixed_by({.mixup = 1, .cutmix = 1}, draw);
    blended += std::any_of(mixed.images.begin(), mixed.images.end(),
                           [](float value) { return value != std::round(value); });
  }
  EXPECT_GT(blended, 25);
  EXPECT_LT(blended, 75);
}

TEST(Mixing, DependsOnItsDrawAlone) {
  EXPECT_EQ(mixed_by({.mixup = 0.3}, 5).images, mixed_by({.mixup = 0.3}, 5).images);
  EXPECT_NE(mixed_by({.mixup = 0.3}, 5).images, mixed_by({.mixup = 0.3}, 6).images);
}

TEST(Mixup, DrawsItsShareFromTheBetaDistribution) {
  // Beta(1/2, 1/2): mean 1/2, variance 1/8. The share of picture 1 of class 1 where it met class 0.
  double sum = 0, squares = 0;
  int count = 0;
  const std::vector<std::int64_t> labels{0, 1};
  for (std::uint64_t draw = 0; draw < 4000; ++draw) {
    std::vector<float> images(2 * kValues);
    const auto mixed = mix(images, labels, kSide, kSide, 2, {.mixup = 0.5}, Random(3, 4, draw));
    const double own = mixed.shares[0];
    if (mixed.shares[1] == 0) continue;
    sum += own;
    squares += own * own;
    ++count;
  }
  ASSERT_GT(count, 1500);
  const double mean = sum / count;
  EXPECT_NEAR(mean, 0.5, 0.03);
  EXPECT_NEAR(squares / count - mean * mean, 0.125, 0.012);
}

TEST(Mixing, LeavesALonePictureAsItIs) {
  std::vector<float> images(kValues, 0.25F);
  const auto mixed =
      mix(images, std::vector<std::int64_t>{2}, kSide, kSide, 3, {.mixup = 0.4}, Random(1, 2, 3));
  EXPECT_THAT(mixed.shares, testing::ElementsAre(0, 0, testing::FloatEq(1)));
  for (const float value : images) EXPECT_FLOAT_EQ(value, 0.25F);
}

}  // namespace
}  // namespace bloodcell::train
