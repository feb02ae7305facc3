#include <bloodcell/image/geometry.hpp>

#include <climits>

#include <rapidcheck.h>
#include <opencv2/core/utility.hpp>

#include <bloodcell/test/support.hpp>

#include <bloodcell/test/made_files.hpp>

namespace bloodcell::image {
namespace {

// One row of grey values as a picture.
Image row(const std::vector<int>& values) {
  Image image(static_cast<int>(values.size()), 1);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) {
    image.rgb[i] = static_cast<std::uint8_t>(values[i / 3]);
  }
  return image;
}

std::vector<int> reds(const Image& image) {
  std::vector<int> values;
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) values.push_back(image.rgb[i]);
  return values;
}

using Values = std::vector<int>;

TEST(Crop, TakesTheBoxAndFillsWhatLiesOutside) {
  Image image(2, 2);
  image.rgb = {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4};
  EXPECT_EQ(reds(crop(image, {0, 0, 2, 2}, {9, 9, 9})), (Values{1, 2, 3, 4}));
  EXPECT_EQ(reds(crop(image, {1, 0, 1, 2}, {9, 9, 9})), (Values{2, 4}));
  EXPECT_EQ(reds(crop(image, {-1, -1, 3, 2}, {9, 9, 9})), (Values{9, 9, 9, 9, 1, 2}));
  EXPECT_EQ(reds(crop(image, {1, 1, 2, 2}, {9, 9, 9})), (Values{4, 9, 9, 9}));
  EXPECT_EQ(reds(crop(image, {5, 0, 1, 1}, {9, 9, 9})), (Values{9}));
  EXPECT_EQ(crop(image, {5, 0, 1, 1}, {7, 8, 9}).rgb, (std::vector<std::uint8_t>{7, 8, 9}));
}

TEST(Crop, OfNothingIsEmptyAndFarAwayIsFill) {
  const Image image = made::patterned(4, 4);
  EXPECT_TRUE(crop(image, {0, 0, 0, 3}, {0, 0, 0}).empty());
  EXPECT_TRUE(crop(image, {0, 0, -2, 3}, {0, 0, 0}).empty());
  EXPECT_EQ(reds(crop(image, {INT_MAX, INT_MAX, 2, 1}, {5, 5, 5})), (Values{5, 5}));
  EXPECT_EQ(reds(crop(image, {INT_MIN, 0, 2, 1}, {5, 5, 5})), (Values{5, 5}));
}

TEST(Crop, EachPixelIsTheSourcesOrFill) {
  EXPECT_TRUE(rc::check([] {
    const Image image = made::patterned(*rc::gen::inRange(1, 12), *rc::gen::inRange(1, 12));
    const Box box{*rc::gen::inRange(-15, 15), *rc::gen::inRange(-15, 15), *rc::gen::inRange(1, 15),
                  *rc::gen::inRange(1, 15)};
    const Image part = crop(image, box, {1, 2, 3});
    for (int y = 0; y < box.height; ++y) {
      for (int x = 0; x < box.width; ++x) {
        const int sx = box.x + x;
        const int sy = box.y + y;
        const bool inside = sx >= 0 && sy >= 0 && sx < image.width_px && sy < image.height_px;
        const std::array<std::uint8_t, 3> fill{1, 2, 3};
        const auto pixel = part.at(x, y);
        for (std::size_t c = 0; c < 3; ++c) {
          RC_ASSERT(pixel[c] == (inside ? image.at(sx, sy)[c] : fill[c]));
        }
      }
    }
  }));
}

TEST(Resize, AreaIsTheMeanOfThePixelsCovered) {
  EXPECT_EQ(reds(resize(row({10, 20, 30, 50}), 2, 1, Interpolation::area)), (Values{15, 40}));
  // Three to two: (10 + 20/2)/1.5 = 13.3, (20/2 + 40)/1.5 = 33.3
  EXPECT_EQ(reds(resize(row({10, 20, 40}), 2, 1, Interpolation::area)), (Values{13, 33}));
  Image square(2, 2);
  square.rgb = {0, 10, 20, 4, 30, 40, 8, 50, 60, 12, 70, 80};
  EXPECT_EQ(resize(square, 1, 1, Interpolation::area).rgb, (std::vector<std::uint8_t>{6, 40, 50}));
}

TEST(Resize, BilinearTakesHalfPixelCentres) {
  // Two to four: places −0.25, 0.25, 0.75, 1.25 of the source.
  for (const auto how : {Interpolation::bilinear, Interpolation::area}) {
    EXPECT_EQ(reds(resize(row({0, 100}), 4, 1, how)), (Values{0, 25, 75, 100}));
  }
  // Four to two, bilinear: the mean of the two in the middle of each half; nothing else is looked
  // at.
  EXPECT_EQ(reds(resize(row({10, 20, 30, 50}), 2, 1, Interpolation::bilinear)), (Values{15, 40}));
  EXPECT_EQ(reds(resize(row({0, 255, 90, 0, 0, 10, 30, 255}), 2, 1, Interpolation::bilinear)),
            (Values{173, 20}));
}

TEST(Resize, AreaAveragesTheSideThatShrinksWhileTheOtherGrows) {
  const Image tall = resize(row({0, 40, 100, 200}), 2, 2, Interpolation::area);
  EXPECT_EQ(reds(tall), (Values{20, 150, 20, 150}));
}

TEST(Warp, ShiftsReadOutsideAsTheBorderSays) {
  const Image image = row({10, 20, 30, 40});
  // The result's pixel x is read from x + 2.
  const Affine shift{1, 0, 2, 0, 1, 0};
  EXPECT_EQ(reds(warp(image, shift, Border::constant, {7, 8, 9})), (Values{30, 40, 7, 7}));
  EXPECT_EQ(reds(warp(image, shift, Border::reflect)), (Values{30, 40, 40, 30}));
  EXPECT_EQ(warp(image, {1, 0, 9, 0, 1, 0}, Border::constant, {7, 8, 9}).rgb,
            (std::vector<std::uint8_t>{7, 8, 9, 7, 8, 9, 7, 8, 9, 7, 8, 9}));
}

TEST(Warp, HalfAPixelIsTheMeanOfTwo) {
  EXPECT_EQ(reds(warp(row({10, 20, 40, 80}), {1, 0, 0.5, 0, 1, 0}, Border::reflect)),
            (Values{15, 30, 60, 80}));
}

TEST(Warp, AQuarterTurnMovesEveryPixel) {
  const Image image = made::patterned(8, 8);
  // x of the result from y of the source, y from 7 − x.
  const Image turned = warp(image, {0, 1, 0, -1, 0, 7}, Border::constant);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) {
      const auto expected = image.at(y, 7 - x);
      const auto pixel = turned.at(x, y);
      EXPECT_TRUE(std::equal(pixel.begin(), pixel.end(), expected.begin())) << x << " " << y;
    }
  }
}

TEST(Geometry, TheNumberOfThreadsChangesNothing) {
  const Image image = made::patterned(611, 433);
  const Affine turn{0.83, -0.51, 40.3, 0.49, 0.87, -12.7};
  const int before = cv::getNumThreads();
  std::vector<Image> results;
  for (const int threads : {1, 2, 7}) {
    cv::setNumThreads(threads);
    results.push_back(warp(image, turn, Border::reflect));
    results.push_back(resize(image, 224, 224, Interpolation::area));
    results.push_back(resize(image, 700, 900, Interpolation::bilinear));
  }
  cv::setNumThreads(before);
  for (std::size_t i = 3; i < results.size(); ++i) EXPECT_EQ(results[i], results[i - 3]) << i;
}

}  // namespace
}  // namespace bloodcell::image
