#include <bloodcell/image/encode.hpp>

#include <rapidcheck.h>

#include <bloodcell/image/decode.hpp>
#include <bloodcell/test/support.hpp>

#include <bloodcell/test/made_files.hpp>

namespace bloodcell::image {
namespace {

TEST(Encode, PngKeepsEveryPixel) {
  EXPECT_TRUE(rc::check([] {
    const int width = *rc::gen::inRange(1, 40);
    const int height = *rc::gen::inRange(1, 40);
    Image image(width, height);
    image.rgb = *rc::gen::container<std::vector<std::uint8_t>>(image.rgb.size(),
                                                               rc::gen::arbitrary<std::uint8_t>());
    const auto file = encode_png(image);
    RC_ASSERT(file.has_value());
    const auto decoded = decode(*file, Limits{});
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == image);
  }));
}

TEST(Encode, JpegIsCloseAndCloserAtHigherQuality) {
  const Image image = made::smooth(64, 48);
  const auto high = encode_jpeg(image, 95);
  const auto low = encode_jpeg(image, 20);
  ASSERT_OK(high);
  ASSERT_OK(low);
  EXPECT_LT(low->size(), high->size());
  EXPECT_LE(made::largest_difference(decode(*high, Limits{}).value(), image), 5);
}

TEST(Encode, JpegKeepsColourAtFullResolution) {
  // One red pixel column in blue: subsampled colour would smear it over its neighbour.
  Image image(16, 16);
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 16; ++x) image.at(x, y)[x % 2 == 0 ? 0 : 2] = 200;
  }
  const auto decoded = decode(encode_jpeg(image, 100).value(), Limits{});
  ASSERT_OK(decoded);
  EXPECT_LE(made::largest_difference(*decoded, image), 8);
}

TEST(Encode, RefusesWhatCannotBeWritten) {
  EXPECT_ERROR(encode_png(Image()), ErrorCode::internal);
  EXPECT_ERROR(encode_jpeg(Image(), 90), ErrorCode::internal);
  EXPECT_ERROR(encode_jpeg(made::patterned(2, 2), 0), ErrorCode::usage);
  EXPECT_ERROR(encode_jpeg(made::patterned(2, 2), 101), ErrorCode::usage);
  EXPECT_ERROR(encode_jpeg(Image(70'000, 1), 90), ErrorCode::internal);
}

}  // namespace
}  // namespace bloodcell::image
