#include <bloodcell/data/augment.hpp>

#include <cmath>
#include <set>

#include "small_sets.hpp"

namespace bloodcell::data {
namespace {

using image::Image;

Random draw(std::uint64_t index) { return {11, stream_of("appearance test"), index}; }

Image flat(int width, int height, std::uint8_t value) {
  Image picture(width, height);
  std::fill(picture.rgb.begin(), picture.rgb.end(), value);
  return picture;
}

// Black on the left, white on the right.
Image edge(int width, int height) {
  Image picture = flat(width, height, 0);
  for (int y = 0; y < height; ++y) {
    for (int x = width / 2; x < width; ++x) {
      for (auto& value : picture.at(x, y)) value = 255;
    }
  }
  return picture;
}

double mean(const Image& picture) {
  double sum = 0;
  for (const auto value : picture.rgb) sum += value;
  return sum / static_cast<double>(picture.rgb.size());
}

TEST(Stain, LeavesWhiteWhite) {
  Augmentation stain;
  stain.stain = 0.5;
  for (std::uint64_t i = 0; i < 20; ++i) {
    EXPECT_EQ(augment(flat(4, 4, 255), stain, draw(i)), flat(4, 4, 255));
  }
}

// 127 passes half the light, (127 + 1) / 256: a density of ln 2. With a factor f, half to the f.
TEST(Stain, MultipliesTheOpticalDensityWithinItsRange) {
  Augmentation stain;
  stain.stain = 0.4;
  std::set<int> seen;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Image result = augment(flat(2, 2, 127), stain, draw(i));
    for (std::size_t c = 0; c < 3; ++c) {
      const double factor = -std::log2((result.rgb[c] + 1) / 256.0);
      EXPECT_GT(factor, std::exp(-0.6) - 0.02);
      EXPECT_LT(factor, std::exp(0.6) + 0.02);
      seen.insert(result.rgb[c]);
    }
  }
  EXPECT_GT(seen.size(), 40U);
}

TEST(StainMixing, KeepsGreyAndTurnsHues) {
  Augmentation mixing;
  mixing.stain_mixing = 0.25;
  Image violet = flat(2, 2, 200);
  for (int x = 0; x < 2; ++x) violet.at(x, 0)[1] = 60;
  std::set<int> reds;
  for (std::uint64_t i = 0; i < 50; ++i) {
    EXPECT_EQ(augment(flat(4, 4, 255), mixing, draw(i)), flat(4, 4, 255));
    const Image result = augment(violet, mixing, draw(i));
    for (const auto value : result.at(1, 1)) EXPECT_NEAR(value, 200, 1);
    reds.insert(result.at(0, 0)[0]);
  }
  EXPECT_GT(reds.size(), 20U);
}

TEST(WhiteBalance, MultipliesEachChannelByItself) {
  Augmentation balance;
  balance.white_balance = 0.1;
  const Image result = augment(flat(2, 2, 127), balance, draw(1));
  EXPECT_NE(result.rgb[0], result.rgb[1]);
  for (const auto value : result.rgb) {
    EXPECT_NEAR(value + 1, 128, 128 * 0.11);
  }
}

TEST(Illumination, TiltsThePictureAndKeepsItsMean) {
  Augmentation tilt;
  tilt.illumination = 0.2;
  for (std::uint64_t i = 0; i < 10; ++i) {
    const Image result = augment(flat(31, 21, 120), tilt, draw(i));
    EXPECT_NEAR(mean(result), 120, 0.3);
    EXPECT_EQ(result.at(15, 10)[0], 120);
    const int corner = result.at(0, 0)[1];
    const int opposite = result.at(30, 20)[1];
    EXPECT_NEAR(corner - 120, 120 - opposite, 1);
  }
}

TEST(Blur, KeepsTheMeanAndSoftensTheEdgeHalfOfTheTime) {
  Augmentation blur;
  blur.blur = 0.1;
  int softened = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Image result = augment(edge(40, 8), blur, draw(i));
    EXPECT_NEAR(mean(result), 127.5, 1);
    if (result.at(19, 4)[0] > 0) ++softened;
  }
  EXPECT_GT(softened, 25);
  EXPECT_LT(softened, 65);
}

TEST(Noise, HasNoMeanAndAtMostItsDeviation) {
  Augmentation noise;
  noise.noise = 5;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const Image result = augment(flat(40, 40, 128), noise, draw(i));
    double squares = 0;
    for (const auto value : result.rgb) squares += (value - 128.0) * (value - 128.0);
    // 4,800 draws: the deviation's own is 5 / √9,600 = 0.05, rounding adds 1/12 to its square.
    EXPECT_LT(std::sqrt(squares / 4800), 5.3);
    EXPECT_NEAR(mean(result), 128, 0.4);
  }
}

TEST(Jpeg, KeepsTheSizeAndNearlyTheColours) {
  Augmentation jpeg;
  jpeg.jpeg_quality = 40;
  for (std::uint64_t i = 0; i < 10; ++i) {
    const Image result = augment(flat(33, 17, 90), jpeg, draw(i));
    EXPECT_EQ(result.width_px, 33);
    EXPECT_EQ(result.height_px, 17);
    EXPECT_NEAR(mean(result), 90, 3);
  }
}

TEST(Cutout, CoversOneRectangleOfTheMeanColourUpToAThirdOfEachSide) {
  Augmentation cutout;
  cutout.cutout = 1;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const Image before = edge(60, 30);
    const Image after = augment(before, cutout, draw(i));
    int left = 60, right = -1, top = 30, bottom = -1, changed = 0;
    for (int y = 0; y < 30; ++y) {
      for (int x = 0; x < 60; ++x) {
        if (after.at(x, y)[0] == before.at(x, y)[0]) continue;
        ++changed;
        left = std::min(left, x);
        right = std::max(right, x);
        top = std::min(top, y);
        bottom = std::max(bottom, y);
        EXPECT_EQ(after.at(x, y)[0], 128);
      }
    }
    EXPECT_EQ(changed, (right - left + 1) * (bottom - top + 1));
    EXPECT_LE(right - left + 1, 21);
    EXPECT_LE(bottom - top + 1, 11);
    EXPECT_GE(changed, 6 * 3);
  }
}

TEST(FrameCut, BlackensOneSideUpToAThirdOfTheWay) {
  Augmentation frame_cut;
  frame_cut.frame_cut = 1;
  std::set<std::pair<int, int>> corners;  // top left, bottom left: black or not
  for (std::uint64_t i = 0; i < 40; ++i) {
    const Image after = augment(flat(60, 30, 200), frame_cut, draw(i));
    int black = 0;
    for (const auto value : after.rgb) black += value == 0 ? 1 : 0;
    const bool spans_height = after.at(0, 0)[0] == after.at(0, 29)[0];
    const int line = 3 * (spans_height ? 30 : 60);
    EXPECT_EQ(black % line, 0) << "whole columns or whole rows";
    EXPECT_GE(black / line, 1);
    EXPECT_LE(black / line, spans_height ? 20 : 10);
    EXPECT_NEAR(mean(after), 200 * (1 - black / 5400.0), 1e-9) << "the rest stays";
    corners.emplace(after.at(0, 0)[0], after.at(0, 29)[0]);
  }
  EXPECT_EQ(corners.size(), 4U) << "left, right, top and bottom";
}

TEST(Shear, MovesRowsByTheirDistanceFromTheMiddle) {
  Augmentation shear;
  shear.shear = 0.2;
  const Image result = augment(edge(61, 41), shear, draw(2));
  const auto edge_at = [&](int y) {
    double sum = 0;
    for (int x = 0; x < 61; ++x) sum += result.at(x, y)[0] / 255.0;
    return 61 - sum;
  };
  EXPECT_NEAR(edge_at(20), 30, 0.6);
  EXPECT_GT(std::abs(edge_at(0) - edge_at(40)), 0.5);
  EXPECT_NEAR(edge_at(0) - edge_at(20), edge_at(20) - edge_at(40), 0.6);
}

TEST(Robust, ChangesThePictureInItsSizeTheSameForTheSameDraw) {
  const auto robust = augmentation_named("robust");
  ASSERT_OK(robust);
  const Image picture = edge(48, 40);
  for (std::uint64_t i = 0; i < 20; ++i) {
    const Image once = augment(picture, *robust, draw(i));
    EXPECT_EQ(once, augment(picture, *robust, draw(i)));
    EXPECT_EQ(once.pixel_bytes(), picture.pixel_bytes());
  }
}

TEST(AugmentationNames, AreThoseThereAre) {
  for (const auto name : augmentation_names()) EXPECT_OK(augmentation_named(name));
}

}  // namespace
}  // namespace bloodcell::data
