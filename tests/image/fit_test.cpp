#include <bloodcell/image/preprocess.hpp>

#include <cmath>
#include <limits>

#include <rapidcheck.h>

#include <bloodcell/test/support.hpp>

#include <bloodcell/test/made_files.hpp>

namespace bloodcell::image {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

Preprocessing to_size(int width, int height, Fit fit = Fit::stretch) {
  Preprocessing p;
  p.width_px = width;
  p.height_px = height;
  p.fit = fit;
  return p;
}

std::vector<float> input_for(const Image& image, const Preprocessing& p) {
  std::vector<float> input(p.input_values(), -1);
  preprocess(image, p, input);
  return input;
}

// The first plane alone.
std::vector<float> reds(const Image& image, const Preprocessing& p) {
  auto input = input_for(image, p);
  input.resize(input.size() / 3);
  return input;
}

// Grey values by rows.
Image grey(int width, int height, const std::vector<int>& values) {
  Image image(width, height);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) {
    image.rgb[i] = static_cast<std::uint8_t>(values[i / 3]);
  }
  return image;
}

TEST(Preprocess, MeanAndDeviationStandInTheNetworksOrder) {
  Image image(1, 1);
  image.rgb = {10, 20, 30};
  Preprocessing p = to_size(1, 1);
  p.mean = {1, 2, 3};
  p.deviation = {2, 4, 8};
  EXPECT_THAT(input_for(image, p), ElementsAre(4.5F, 4.5F, 3.375F));
  p.channels = ChannelOrder::bgr;  // (30−1)/2, (20−2)/4, (10−3)/8
  EXPECT_THAT(input_for(image, p), ElementsAre(14.5F, 4.5F, 0.875F));
}

TEST(Preprocess, ValuesAreTheNearestFloats) {
  Preprocessing p = to_size(1, 1);
  p.mean = {123.675, 116.28, 103.53};
  p.deviation = {58.395, 57.12, 57.375};
  for (int value = 0; value < 256; ++value) {
    const auto input = input_for(grey(1, 1, {value}), p);
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_EQ(input[c], static_cast<float>((value - p.mean[c]) / p.deviation[c]));
    }
  }
}

TEST(Preprocess, StretchUsesTheWholePicture) {
  const Image image = grey(4, 2, {0, 10, 20, 30, 40, 50, 60, 70});
  // Means of 2×2: (0+10+40+50)/4, (20+30+60+70)/4
  EXPECT_THAT(reds(image, to_size(2, 1)), ElementsAre(25, 45));
}

TEST(Preprocess, LetterboxKeepsTheShapeAndCentresIt) {
  const Image wide = grey(4, 2, {0, 10, 20, 30, 40, 50, 60, 70});
  Preprocessing p = to_size(4, 4, Fit::letterbox);
  p.fill = {9, 8, 7};
  EXPECT_THAT(reds(wide, p), ElementsAre(9, 9, 9, 9, 0, 10, 20, 30, 40, 50, 60, 70, 9, 9, 9, 9));
  EXPECT_EQ(input_for(wide, p)[16], 8);  // green of the fill
  const Image tall = grey(2, 4, {0, 10, 20, 30, 40, 50, 60, 70});
  EXPECT_THAT(reds(tall, p), ElementsAre(9, 0, 10, 9, 9, 20, 30, 9, 9, 40, 50, 9, 9, 60, 70, 9));
}

TEST(Preprocess, LetterboxPutsTheOddRowBelow) {
  Preprocessing p = to_size(1, 4, Fit::letterbox);
  p.fill = {9, 9, 9};
  EXPECT_THAT(reds(grey(1, 1, {50}), p), ElementsAre(9, 50, 9, 9));
}

TEST(Preprocess, LetterboxOfAThreadKeepsOnePixel) {
  const Image thread = grey(400, 1, std::vector<int>(400, 77));
  Preprocessing p = to_size(3, 3, Fit::letterbox);
  EXPECT_THAT(reds(thread, p), ElementsAre(0, 0, 0, 77, 77, 77, 0, 0, 0));
}

TEST(Preprocess, CropCutsTheLongerSideEvenly) {
  const Image wide = grey(4, 2, {0, 10, 20, 30, 40, 50, 60, 70});
  EXPECT_THAT(reds(wide, to_size(2, 2, Fit::crop)), ElementsAre(10, 20, 50, 60));
  const Image tall = grey(2, 4, {0, 10, 20, 30, 40, 50, 60, 70});
  EXPECT_THAT(reds(tall, to_size(2, 2, Fit::crop)), ElementsAre(20, 30, 40, 50));
  EXPECT_THAT(reds(tall, to_size(1, 1, Fit::crop)), ElementsAre(35));
}

TEST(Preprocess, APictureOfTheInputsSizeIsNotTouched) {
  const Image image = made::patterned(9, 7);
  for (const auto fit : {Fit::stretch, Fit::letterbox, Fit::crop}) {
    for (const auto how : {Interpolation::bilinear, Interpolation::area}) {
      Preprocessing p = to_size(9, 7, fit);
      p.interpolation = how;
      const auto input = input_for(image, p);
      for (std::size_t i = 0; i < 63; ++i) {
        ASSERT_EQ(input[i], image.rgb[3 * i]);
        ASSERT_EQ(input[126 + i], image.rgb[3 * i + 2]);
      }
    }
  }
}

TEST(Preprocess, EveryValueIsWrittenAndWithinTheScale) {
  EXPECT_TRUE(rc::check([] {
    const Image image = made::patterned(*rc::gen::inRange(1, 60), *rc::gen::inRange(1, 60));
    Preprocessing p = to_size(*rc::gen::inRange(1, 40), *rc::gen::inRange(1, 40),
                              *rc::gen::element(Fit::stretch, Fit::letterbox, Fit::crop));
    p.interpolation = *rc::gen::element(Interpolation::bilinear, Interpolation::area);
    for (const float value : input_for(image, p)) RC_ASSERT(value >= 0 && value <= 255);
  }));
}

TEST(Preprocess, AJpegIsNeverDecodedSmallerThanTheInput) {
  const DecodeOptions options = decode_options_for(to_size(96, 64));
  EXPECT_EQ(options.min_width_px, 96);
  EXPECT_EQ(options.min_height_px, 64);
}

TEST(PreprocessCheck, RefusesWhatCannotBeComputed) {
  EXPECT_OK(check(to_size(1, 4096)));
  EXPECT_ERROR(check(to_size(0, 5)), ErrorCode::malformed);
  EXPECT_ERROR(check(to_size(5, 4097)), ErrorCode::malformed);
  EXPECT_ERROR(check(Preprocessing{}), ErrorCode::malformed);
  for (const double bad : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    Preprocessing p = to_size(5, 5);
    p.deviation[1] = bad;
    EXPECT_ERROR(check(p), ErrorCode::malformed);
  }
  Preprocessing p = to_size(5, 5);
  p.mean[2] = std::nan("");
  EXPECT_ERROR(check(p), ErrorCode::malformed);
}

}  // namespace
}  // namespace bloodcell::image
