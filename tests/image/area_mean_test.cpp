#include <bloodcell/image/geometry.hpp>

#include <rapidcheck.h>
#include <opencv2/imgproc.hpp>

#include <bloodcell/test/support.hpp>

#include <bloodcell/test/made_files.hpp>

namespace bloodcell::image {
namespace {

Image by_opencv(Image picture, int width_px, int height_px) {
  Image result(width_px, height_px);
  const cv::Mat from(picture.height_px, picture.width_px, CV_8UC3, picture.rgb.data());
  cv::Mat to(height_px, width_px, CV_8UC3, result.rgb.data());
  cv::resize(from, to, to.size(), 0, 0, cv::INTER_AREA);
  return result;
}

TEST(AreaMean, WeighsPixelsByWhatIsCoveredOfThem) {
  Image row(5, 1);  // to 2: each covers 2.5 pixels
  row.rgb = {10, 0, 0, 20, 0, 0, 40, 0, 0, 80, 0, 0, 200, 0, 0};
  const Image halves = resize(row, 2, 1, Interpolation::area);
  EXPECT_EQ(halves.rgb[0], 20);   // (10 + 20 + 40 / 2) / 2.5
  EXPECT_EQ(halves.rgb[3], 120);  // (40 / 2 + 80 + 200) / 2.5
  EXPECT_EQ(halves.rgb[1], 0);
}

// Networks have learned from pictures that OpenCV shrank.
TEST(AreaMean, IsOpenCvsToTheLastBit) {
  EXPECT_TRUE(rc::check([] {
    const int width = *rc::gen::inRange(1, 90);
    const int height = *rc::gen::inRange(1, 90);
    const int to_width = *rc::gen::inRange(1, width + 1);
    const int to_height = *rc::gen::inRange(1, height + 1);
    Image picture = made::patterned(width, height);
    const auto factor = *rc::gen::inRange(1, 255);
    for (std::size_t i = 0; i < picture.rgb.size(); ++i) {
      picture.rgb[i] = static_cast<std::uint8_t>(picture.rgb[i] * factor + static_cast<int>(i / 7));
    }
    RC_ASSERT(resize(picture, to_width, to_height, Interpolation::area) ==
              by_opencv(picture, to_width, to_height));
  }));
}

TEST(AreaMean, IsOpenCvsForTheSizesThatMicroscopesGive) {
  for (const auto& [width, height] :
       {std::pair{640, 480}, {720, 540}, {1280, 960}, {1920, 1080}, {2592, 1944}, {257, 193}}) {
    const Image picture = made::patterned(width, height);
    EXPECT_EQ(resize(picture, 256, 192, Interpolation::area), by_opencv(picture, 256, 192))
        << width << "x" << height;
  }
}

TEST(AreaMean, IsOpenCvsOfAVeryWidePicture) {
  const Image picture = made::patterned((1 << 20) + 9, 5);
  EXPECT_EQ(resize(picture, 1000, 2, Interpolation::area), by_opencv(picture, 1000, 2));
}

}  // namespace
}  // namespace bloodcell::image
