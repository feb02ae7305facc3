#include <bloodcell/image/frame.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bloodcell/test/support.hpp>

namespace bloodcell::image {
namespace {

// Each pixel says where it is.
Image coordinates(int width, int height) {
  Image picture(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      picture.at(x, y)[0] = static_cast<std::uint8_t>(x);
      picture.at(x, y)[1] = static_cast<std::uint8_t>(y);
    }
  }
  return picture;
}

Image ground(std::array<std::uint8_t, 3> light, std::array<std::uint8_t, 3> cell, int cell_side) {
  Image picture(40, 40);
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 40; ++x) {
      const auto& colour = x < cell_side && y < cell_side ? cell : light;
      std::copy(colour.begin(), colour.end(), picture.at(x, y).begin());
    }
  }
  return picture;
}

TEST(Frame, TheSquareSharesTheCellsMiddle) {
  EXPECT_EQ(cell_square({100, 50, 40, 20}, 1.5), (Box{90, 30, 60, 60}));
  EXPECT_EQ(cell_square({100, 50, 40, 20}, 0), (Box{100, 50, 40, 20}));
  EXPECT_EQ(cell_square({0, 0, 1, 1}, 1), (Box{0, 0, 1, 1}));
}

TEST(Frame, BeyondTheEdgeThePictureIsMirrored) {
  const Image part = crop_mirrored(coordinates(4, 3), {-2, 2, 8, 2});
  const std::array<int, 8> columns{1, 0, 0, 1, 2, 3, 3, 2};
  for (int x = 0; x < 8; ++x) {
    EXPECT_EQ(part.at(x, 0)[0], columns[static_cast<std::size_t>(x)]) << x;
    EXPECT_EQ(part.at(x, 0)[1], 2);
    EXPECT_EQ(part.at(x, 1)[1], 2);  // row 3 is row 2 again
  }
}

RC_GTEST_PROP(Frame, WithinThePictureMirroringIsCutting, ()) {
  const Image picture = coordinates(30, 20);
  const int x = *rc::gen::inRange(0, 20);
  const int y = *rc::gen::inRange(0, 10);
  const Box box{x, y, *rc::gen::inRange(1, 31 - x), *rc::gen::inRange(1, 21 - y)};
  RC_ASSERT(crop_mirrored(picture, box) == crop(picture, box, {9, 9, 9}));
}

TEST(Frame, TheGroundsLightIsBroughtToTheWhitePoint) {
  const Image picture = ground({200, 160, 100}, {90, 40, 80}, 20);
  const Gains gains = gains_to_white(picture, 240);
  EXPECT_NEAR(gains[0], 240.0 / 200, 1e-12);
  EXPECT_NEAR(gains[1], 240.0 / 160, 1e-12);
  EXPECT_NEAR(gains[2], 240.0 / 100, 1e-12);
  Preprocessing p;
  p.white_point = 240;
  const Image seen = frame(picture, std::nullopt, p, gains);
  EXPECT_EQ(seen.at(39, 39)[0], 240);
  EXPECT_EQ(seen.at(39, 39)[1], 240);
  EXPECT_EQ(seen.at(39, 39)[2], 240);
  EXPECT_EQ(seen.at(0, 0)[1], 60);  // 40 · 1.5
}

TEST(Frame, BlackFillIsNoGround) {
  const Image picture = ground({0, 0, 0}, {180, 180, 180}, 10);  // 94 % black
  EXPECT_NEAR(gains_to_white(picture, 240)[0], 240.0 / 180, 1e-12);
  EXPECT_EQ(gains_to_white(ground({0, 0, 0}, {0, 0, 0}, 1), 240), (Gains{1, 1, 1}));
}

TEST(Frame, WithoutAWhitePointColoursStay) {
  const Image picture = ground({200, 160, 100}, {90, 40, 80}, 20);
  EXPECT_EQ(gains_to_white(picture, 0), (Gains{1, 1, 1}));
  EXPECT_EQ(frame(picture, std::nullopt, {}, {1, 1, 1}), picture);
}

TEST(Frame, GainsAreBounded) {
  const Image picture = ground({20, 20, 20}, {20, 20, 20}, 1);
  EXPECT_EQ(gains_to_white(picture, 240)[0], 4);
}

}  // namespace
}  // namespace bloodcell::image
