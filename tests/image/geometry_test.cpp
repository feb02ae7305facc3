#include <bloodcell/image/geometry.hpp>

#include <rapidcheck.h>

#include <bloodcell/image/encode.hpp>
#include <bloodcell/test/support.hpp>

#include "pictures.hpp"

namespace bloodcell::image {
namespace {

using test::gradient;

Image row_of(std::initializer_list<int> values) {
  Image image(static_cast<int>(values.size()), 1);
  std::size_t i = 0;
  for (const int value : values) {
    for (int c = 0; c < 3; ++c) image.rgb[i++] = static_cast<std::uint8_t>(value);
  }
  return image;
}

TEST(Crop, TakesTheBoxAndFillsBeyondThePicture) {
  const Image image = gradient(5, 4);
  const Image part = crop(image, {-1, 2, 3, 3}, {9, 8, 7});
  EXPECT_EQ(part.width_px, 3);
  EXPECT_EQ(part.at(0, 0)[0], 9);
  EXPECT_EQ(part.at(0, 0)[2], 7);
  EXPECT_EQ(part.at(1, 0)[1], image.at(0, 2)[1]);
  EXPECT_EQ(part.at(2, 1)[0], image.at(1, 3)[0]);
  EXPECT_EQ(part.at(2, 2)[1], 8);
}

TEST(Crop, ABoxFarAwayIsAllFill) {
  const Image part = crop(gradient(5, 4), {100, -100, 2, 2}, {1, 1, 1});
  EXPECT_EQ(part.rgb, std::vector<std::uint8_t>(12, 1));
}

TEST(Resize, AreaIsTheMeanOfWhatIsCovered) {
  const Image half = resize(row_of({10, 30, 100, 200}), 2, 1, Interpolation::area);
  EXPECT_EQ(half.at(0, 0)[0], 20);
  EXPECT_EQ(half.at(1, 0)[0], 150);
}

// Half-pixel centres: from 2 to 4 pixels the places are −0.25, 0.25, 0.75, 1.25.
TEST(Resize, BilinearUsesHalfPixelCentres) {
  const Image twice = resize(row_of({0, 100}), 4, 1, Interpolation::bilinear);
  EXPECT_EQ(twice.at(0, 0)[0], 0);
  EXPECT_EQ(twice.at(1, 0)[0], 25);
  EXPECT_EQ(twice.at(2, 0)[0], 75);
  EXPECT_EQ(twice.at(3, 0)[0], 100);
}

TEST(Resize, ToItsOwnSizeChangesNothing) {
  const Image image = gradient(13, 7);
  EXPECT_EQ(resize(image, 13, 7, Interpolation::bilinear), image);
}

TEST(Resize, NeverLeavesTheRangeOfThePicture) {
  EXPECT_TRUE(rc::check([] {
    const int width = *rc::gen::inRange(1, 40);
    const int height = *rc::gen::inRange(1, 40);
    const auto how = *rc::gen::element(Interpolation::area, Interpolation::bilinear);
    Image flat(*rc::gen::inRange(1, 40), *rc::gen::inRange(1, 40));
    const auto value = *rc::gen::arbitrary<std::uint8_t>();
    std::fill(flat.rgb.begin(), flat.rgb.end(), value);
    const Image resized = resize(flat, width, height, how);
    RC_ASSERT(resized.width_px == width && resized.height_px == height);
    for (const auto v : resized.rgb) RC_ASSERT(v == value);
  }));
}

TEST(Warp, TheIdentityChangesNothing) {
  const Image image = gradient(20, 15);
  EXPECT_EQ(warp(image, {1, 0, 0, 0, 1, 0}, Border::reflect), image);
}

TEST(Warp, AShiftMovesPixelsAndFillsTheRest) {
  const Image image = gradient(10, 10);
  const Image moved = warp(image, {1, 0, 3, 0, 1, 0}, Border::constant, {7, 7, 7});
  EXPECT_EQ(moved.at(0, 5)[0], image.at(3, 5)[0]);
  EXPECT_EQ(moved.at(6, 5)[0], image.at(9, 5)[0]);
  EXPECT_EQ(moved.at(8, 5)[0], 7);
}

TEST(Warp, ReflectionRepeatsTheEdgePixel) {
  const Image image = gradient(10, 10);
  const Image moved = warp(image, {1, 0, -2, 0, 1, 0}, Border::reflect);
  EXPECT_EQ(moved.at(1, 5)[0], image.at(0, 5)[0]);
  EXPECT_EQ(moved.at(0, 5)[0], image.at(1, 5)[0]);
}

TEST(Encode, TheSamePictureGivesTheSameFile) {
  const Image image = gradient(30, 20);
  EXPECT_EQ(encode_png(image).value(), encode_png(image).value());
  EXPECT_EQ(encode_jpeg(image, 80).value(), encode_jpeg(image, 80).value());
}

TEST(Encode, RefusesAnEmptyPictureAndAnImpossibleQuality) {
  EXPECT_FALSE(encode_png(Image()).has_value());
  EXPECT_FALSE(encode_jpeg(Image(), 80).has_value());
  EXPECT_ERROR(encode_jpeg(gradient(3, 3), 101), ErrorCode::usage);
}

}  // namespace
}  // namespace bloodcell::image
