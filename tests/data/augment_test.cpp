#include <bloodcell/data/augment.hpp>

#include <cmath>
#include <cstdlib>
#include <numbers>

#include <rapidcheck.h>

#include "small_sets.hpp"

namespace bloodcell::data {
namespace {

using image::Image;

// Every pixel differs from its neighbours.
Image patterned(int width, int height) {
  Image picture(width, height);
  for (std::size_t i = 0; i < picture.rgb.size(); ++i) {
    picture.rgb[i] = static_cast<std::uint8_t>((i * 37 + i / 7 * 11) % 251);
  }
  return picture;
}

Image mirrored(const Image& picture, bool left_right, bool up_down) {
  Image result(picture.width_px, picture.height_px);
  for (int y = 0; y < picture.height_px; ++y) {
    for (int x = 0; x < picture.width_px; ++x) {
      const auto from = picture.at(left_right ? picture.width_px - 1 - x : x,
                                   up_down ? picture.height_px - 1 - y : y);
      std::copy(from.begin(), from.end(), result.at(x, y).begin());
    }
  }
  return result;
}

Random draw(std::uint64_t index) { return {9, stream_of("test"), index}; }

// The brightness-weighted middle of a picture that is black but for one mark.
std::pair<double, double> place_of_mark(const Image& picture) {
  double sum = 0;
  double sum_x = 0;
  double sum_y = 0;
  for (int y = 0; y < picture.height_px; ++y) {
    for (int x = 0; x < picture.width_px; ++x) {
      const double weight = picture.at(x, y)[0];
      sum += weight;
      sum_x += weight * x;
      sum_y += weight * y;
    }
  }
  return {sum_x / sum, sum_y / sum};
}

Image with_mark(int size, int x, int y) {
  Image picture(size, size);
  for (int dy = -1; dy <= 1; ++dy) {
    for (int dx = -1; dx <= 1; ++dx) picture.at(x + dx, y + dy)[0] = 255;
  }
  return picture;
}

TEST(Augment, NoneChangesNothing) {
  const auto none = augmentation_named("none");
  ASSERT_OK(none);
  EXPECT_EQ(*none, Augmentation{});
  const Image picture = patterned(17, 9);
  for (std::uint64_t i = 0; i < 20; ++i) EXPECT_EQ(augment(picture, *none, draw(i)), picture);
}

TEST(Augment, NamesCarryThePublishedNumbers) {
  const auto seed = augmentation_named("seed");
  ASSERT_OK(seed);
  EXPECT_TRUE(seed->flip_horizontally);
  EXPECT_FALSE(seed->flip_vertically);
  EXPECT_EQ(seed->rotation_turns, 0.2);
  EXPECT_EQ(seed->contrast, 0.2);
  EXPECT_EQ(seed->brightness, 0.2);
  EXPECT_EQ(seed->translation, 0.1);
  EXPECT_EQ(seed->scale, 0);
  const auto turn = augmentation_named("turn");
  ASSERT_OK(turn);
  EXPECT_TRUE(turn->flip_vertically);
  EXPECT_EQ(turn->rotation_turns, 0.5);
  EXPECT_ERROR(augmentation_named("wild"), ErrorCode::usage);
}

TEST(Augment, FlipsAreExactAndHappenHalfTheTime) {
  const Image picture = patterned(12, 7);
  Augmentation flips;
  flips.flip_horizontally = true;
  flips.flip_vertically = true;
  int seen[2][2] = {};
  for (std::uint64_t i = 0; i < 400; ++i) {
    const Image result = augment(picture, flips, draw(i));
    int matches = 0;
    for (const bool left_right : {false, true}) {
      for (const bool up_down : {false, true}) {
        if (result != mirrored(picture, left_right, up_down)) continue;
        ++matches;
        ++seen[left_right][up_down];
      }
    }
    ASSERT_EQ(matches, 1);
  }
  // 100 of 400 each are expected; 60 … 140 is more than four deviations of 8.7.
  for (const auto& row : seen) {
    for (const int times : row) {
      EXPECT_GT(times, 60);
      EXPECT_LT(times, 140);
    }
  }
}

TEST(Augment, TheSameDrawGivesTheSamePicture) {
  const Image picture = patterned(40, 30);
  const auto turn = augmentation_named("turn");
  ASSERT_OK(turn);
  EXPECT_EQ(augment(picture, *turn, draw(3)), augment(picture, *turn, draw(3)));
  EXPECT_NE(augment(picture, *turn, draw(3)), augment(picture, *turn, draw(4)));
}

TEST(Augment, RotationCarriesAMarkAlongACircleByTheDrawnAngle) {
  Augmentation rotation;
  rotation.rotation_turns = 0.2;
  const Image picture = with_mark(101, 76, 50);
  int beyond_half = 0;
  for (std::uint64_t i = 0; i < 40; ++i) {
    Random same = draw(i);
    const double angle = same.uniform(-0.2, 0.2) * 2 * std::numbers::pi;
    const auto [x, y] = place_of_mark(augment(picture, rotation, draw(i)));
    EXPECT_NEAR(x, 50 + 26 * std::cos(angle), 0.2);
    EXPECT_NEAR(std::abs(y - 50), std::abs(26 * std::sin(angle)), 0.2);
    if (std::abs(angle) > 0.1 * 2 * std::numbers::pi) ++beyond_half;
  }
  EXPECT_GT(beyond_half, 5);
}

TEST(Augment, TranslationShiftsByAPartOfEachSide) {
  Augmentation shift;
  shift.translation = 0.1;
  Image picture(200, 100);
  picture.at(100, 50)[0] = 255;
  double farthest_x = 0;
  double farthest_y = 0;
  for (std::uint64_t i = 0; i < 60; ++i) {
    const auto [x, y] = place_of_mark(augment(picture, shift, draw(i)));
    farthest_x = std::max(farthest_x, std::abs(x - 100));
    farthest_y = std::max(farthest_y, std::abs(y - 50));
  }
  EXPECT_LE(farthest_x, 20.1);
  EXPECT_GT(farthest_x, 15);
  EXPECT_LE(farthest_y, 10.1);
  EXPECT_GT(farthest_y, 7.5);
}

TEST(Augment, ScaleStretchesAboutTheMiddle) {
  Augmentation zoom;
  zoom.scale = 0.1;
  const Image picture = with_mark(101, 90, 50);
  for (std::uint64_t i = 0; i < 20; ++i) {
    Random same = draw(i);
    const double factor = 1 + same.uniform(-0.1, 0.1);
    const auto [x, y] = place_of_mark(augment(picture, zoom, draw(i)));
    EXPECT_NEAR(x, 50 + 40 * factor, 0.25);
    EXPECT_NEAR(y, 50, 0.1);
  }
}

TEST(Augment, WhatIsShiftedInIsTheReflectedPicture) {
  Augmentation shift;
  shift.translation = 0.3;
  Image picture = plain_picture(40, 40, 200);
  for (std::uint64_t i = 0; i < 10; ++i) {
    EXPECT_EQ(augment(picture, shift, draw(i)), picture) << "black has come in";
  }
}

TEST(Augment, BrightnessAddsTheSameToEachPixelAndClips) {
  Augmentation light;
  light.brightness = 0.2;
  Image picture = plain_picture(4, 4, 100);
  picture.at(0, 0)[1] = 250;
  for (std::uint64_t i = 0; i < 30; ++i) {
    Random same = draw(i);
    const double added = same.uniform(-0.2, 0.2) * 255;
    const Image result = augment(picture, light, draw(i));
    EXPECT_EQ(result.at(2, 2)[0], std::lround(100 + added));
    EXPECT_EQ(result.at(0, 0)[1], std::lround(std::min(255.0, 250 + added)));
  }
}

TEST(Augment, ContrastKeepsEachChannelsMean) {
  Augmentation contrast;
  contrast.contrast = 0.2;
  Image picture(2, 1);
  picture.rgb = {100, 50, 10, 140, 50, 30};
  for (std::uint64_t i = 0; i < 30; ++i) {
    Random same = draw(i);
    const double factor = 1 + same.uniform(-0.2, 0.2);
    const Image result = augment(picture, contrast, draw(i));
    EXPECT_EQ(result.at(0, 0)[0], std::lround(120 - 20 * factor));
    EXPECT_EQ(result.at(1, 0)[0], std::lround(120 + 20 * factor));
    EXPECT_EQ(result.at(0, 0)[1], 50);
    EXPECT_EQ(result.at(1, 0)[2], std::lround(20 + 10 * factor));
  }
}

TEST(Augment, KeepsTheSizeOfAnyPicture) {
  const auto turn = augmentation_named("turn");
  ASSERT_OK(turn);
  EXPECT_TRUE(augment(Image{}, *turn, draw(0)).empty());
  ASSERT_TRUE(rc::check([&] {
    const int width = *rc::gen::inRange(1, 50);
    const int height = *rc::gen::inRange(1, 50);
    const Image result =
        augment(patterned(width, height), *turn, draw(*rc::gen::arbitrary<std::uint64_t>()));
    RC_ASSERT(result.width_px == width && result.height_px == height);
    RC_ASSERT(result.rgb.size() == result.pixel_bytes());
  }));
}

}  // namespace
}  // namespace bloodcell::data
