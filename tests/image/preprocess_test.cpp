#include <bloodcell/image/preprocess.hpp>

#include <limits>

#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include <bloodcell/test/support.hpp>

#include "pictures.hpp"

namespace bloodcell::image {
namespace {

std::vector<float> input_of(const Image& image, const Preprocessing& p) {
  std::vector<float> input(p.input_values());
  preprocess(image, p, input);
  return input;
}

Image two_pixels() {
  Image image(2, 1);
  image.rgb = {10, 20, 30, 40, 50, 60};
  return image;
}

TEST(Preprocess, LaysPlanesOneAfterTheOther) {
  const auto input = input_of(two_pixels(), {.width_px = 2, .height_px = 1});
  EXPECT_EQ(input, (std::vector<float>{10, 40, 20, 50, 30, 60}));
}

TEST(Preprocess, BgrSwapsTheOuterPlanes) {
  const auto input =
      input_of(two_pixels(), {.width_px = 2, .height_px = 1, .channels = ChannelOrder::bgr});
  EXPECT_EQ(input, (std::vector<float>{30, 60, 20, 50, 10, 40}));
}

TEST(Preprocess, SubtractsTheMeanAndDividesByTheDeviation) {
  const auto input = input_of(
      two_pixels(), {.width_px = 2, .height_px = 1, .mean = {10, 10, 20}, .deviation = {2, 5, 10}});
  const std::vector<float> expected{0, 15, 2, 8, 1, 4};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(input[i], expected[i], 1e-5);
}

TEST(Preprocess, MeanFollowsTheNetworksChannelOrder) {
  const auto input =
      input_of(two_pixels(),
               {.width_px = 2, .height_px = 1, .channels = ChannelOrder::bgr, .mean = {30, 0, 0}});
  EXPECT_FLOAT_EQ(input[0], 0);  // blue of the first pixel
}

TEST(Preprocess, LetterboxKeepsTheShapeAndFillsBeside) {
  Image wide(4, 2);
  std::fill(wide.rgb.begin(), wide.rgb.end(), std::uint8_t{200});
  const auto input =
      input_of(wide, {.width_px = 4, .height_px = 4, .fit = Fit::letterbox, .fill = {5, 5, 5}});
  EXPECT_EQ(input[0], 5);
  EXPECT_EQ(input[4], 200);
  EXPECT_EQ(input[11], 200);
  EXPECT_EQ(input[12], 5);
}

TEST(Preprocess, CropTakesTheMiddleOfTheLongerSide) {
  Image wide(6, 2);
  for (int x = 0; x < 6; ++x) {
    for (int y = 0; y < 2; ++y) wide.at(x, y)[0] = static_cast<std::uint8_t>(10 * x);
  }
  const auto input = input_of(wide, {.width_px = 2, .height_px = 2, .fit = Fit::crop});
  EXPECT_EQ(input[0], 20);
  EXPECT_EQ(input[1], 30);
}

TEST(Preprocess, EveryFitWorksForEverySize) {
  EXPECT_TRUE(rc::check([] {
    Image image(*rc::gen::inRange(1, 50), *rc::gen::inRange(1, 50));
    std::fill(image.rgb.begin(), image.rgb.end(), std::uint8_t{100});
    const Preprocessing p{.width_px = *rc::gen::inRange(1, 40),
                          .height_px = *rc::gen::inRange(1, 40),
                          .fit = *rc::gen::element(Fit::stretch, Fit::letterbox, Fit::crop),
                          .fill = {100, 100, 100}};
    for (const float value : input_of(image, p)) RC_ASSERT(value == 100.0F);
  }));
}

TEST(PreprocessingJson, WhatIsWrittenIsRead) {
  EXPECT_TRUE(rc::check([] {
    Preprocessing p{
        .width_px = *rc::gen::inRange(1, 4097),
        .height_px = *rc::gen::inRange(1, 4097),
        .fit = *rc::gen::element(Fit::stretch, Fit::letterbox, Fit::crop),
        .interpolation = *rc::gen::element(Interpolation::area, Interpolation::bilinear),
        .channels = *rc::gen::element(ChannelOrder::rgb, ChannelOrder::bgr)};
    for (std::size_t c = 0; c < 3; ++c) {
      p.fill[c] = *rc::gen::arbitrary<std::uint8_t>();
      p.mean[c] = *rc::gen::inRange(-100000, 100000) / 7.0;
      p.deviation[c] = *rc::gen::inRange(1, 100000) / 7.0;
    }
    const auto text = to_json(p).dump();
    const auto read = preprocessing_from_json(nlohmann::json::parse(text));
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == p);
  }));
}

TEST(PreprocessingJson, EachWrongFieldIsNamed) {
  const auto good = to_json(Preprocessing{.width_px = 10, .height_px = 10});
  const std::vector<std::pair<const char*, nlohmann::json>> wrong{
      {"width_px", 0},          {"width_px", 1.5},         {"width_px", -3},
      {"width_px", 1e30},       {"height_px", "ten"},      {"fit", "squeeze"},
      {"interpolation", 3},     {"fill", {1, 2}},          {"fill", {1, 2, 256}},
      {"fill", {1, 2, -1}},     {"channels", "yuv"},       {"mean", {1, 2, "x"}},
      {"deviation", {1, 0, 1}}, {"deviation", {1, -1, 1}}, {"mean", nullptr}};
  for (const auto& [field, value] : wrong) {
    auto json = good;
    json[field] = value;
    EXPECT_ERROR(preprocessing_from_json(json), ErrorCode::malformed);
    json.erase(field);
    const auto missing = preprocessing_from_json(json);
    EXPECT_ERROR(missing, ErrorCode::malformed);
    EXPECT_THAT(missing.error().message, ::testing::HasSubstr(field));
  }
  EXPECT_ERROR(preprocessing_from_json(nlohmann::json::array()), ErrorCode::malformed);
}

TEST(Preprocess, SeenPictureIsThePictureAgain) {
  Image picture(5, 4);
  for (std::size_t i = 0; i < picture.rgb.size(); ++i) {
    picture.rgb[i] = static_cast<std::uint8_t>(i * 37 % 256);
  }
  for (const auto channels : {ChannelOrder::rgb, ChannelOrder::bgr}) {
    const Preprocessing p{.width_px = 5,
                          .height_px = 4,
                          .channels = channels,
                          .mean = {120, 3.5, 200},
                          .deviation = {50.5, 0.7, 61}};
    std::vector<float> input(p.input_values());
    preprocess(picture, p, input);
    EXPECT_EQ(seen_picture(input, p), picture);
  }
}

TEST(Preprocessing, RefusesNumbersThatAreNone) {
  Preprocessing p{.width_px = 10, .height_px = 10};
  EXPECT_OK(check(p));
  p.mean[1] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_ERROR(check(p), ErrorCode::malformed);
  p.mean[1] = 0;
  p.deviation[2] = std::numeric_limits<double>::infinity();
  EXPECT_ERROR(check(p), ErrorCode::malformed);
}

}  // namespace
}  // namespace bloodcell::image
