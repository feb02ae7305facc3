#include <bloodcell/image/decode.hpp>

#include <bloodcell/image/encode.hpp>
#include <bloodcell/test/support.hpp>

#include <bloodcell/test/made_files.hpp>

#include "encoded.hpp"
#include "pictures.hpp"

namespace bloodcell::image {
namespace {

using test::gradient;
using test::largest_difference;

const Limits kLimits;

Image decoded(const Bytes& bytes) {
  auto image = decode(bytes, kLimits);
  EXPECT_TRUE(image.has_value()) << to_text(image.error());
  return image.value_or(Image());
}

TEST(Decode, PngGivesBackEveryPixel) {
  const Image image = gradient(37, 23);
  EXPECT_EQ(decoded(encode_png(image).value()), image);
}

TEST(Decode, InterlacedPngGivesBackEveryPixel) {
  const Image image = gradient(37, 23);
  EXPECT_EQ(decoded(test::png_file(37, 23, 3, 8, image.rgb, /*interlaced=*/true)), image);
}

TEST(Decode, JpegIsCloseToWhatWasStored) {
  const Image image = gradient(64, 48);
  EXPECT_LE(largest_difference(decoded(encode_jpeg(image, 95).value()), image), 24);
}

TEST(Decode, BmpAndLosslessWebpGiveBackEveryPixel) {
  const Image image = gradient(21, 13);
  EXPECT_EQ(decoded(made::bmp(image)), image);
  EXPECT_EQ(decoded(made::webp(image)), image);
}

TEST(Decode, TiffOf8BitsGivesBackEveryPixel) {
  const Image image = gradient(21, 13);
  Bytes samples;
  for (const auto value : image.rgb) samples.push_back(static_cast<std::byte>(value));
  EXPECT_EQ(decoded(test::tiff_picture(21, 13, 3, 8, samples)), image);
}

// v·255/65535 rounded: 0x8000 -> 127.5 -> 128, 0x7f7f -> 127.
TEST(Decode, SixteenBitsBecomeEight) {
  const std::vector<std::uint8_t> samples{0x00, 0x00, 0x7f, 0x7f, 0xff, 0xff,
                                          0x80, 0x00, 0x01, 0x01, 0x00, 0x7f};
  const std::vector<std::uint8_t> expected{0, 127, 255, 128, 1, 0};
  EXPECT_EQ(decoded(test::png_file(2, 1, 3, 16, samples)).rgb, expected);
  Bytes big_endian;
  for (const auto value : samples) big_endian.push_back(static_cast<std::byte>(value));
  const Bytes tiff = test::tiff_picture(2, 1, 3, 16, big_endian, 1, 2, /*little=*/false);
  EXPECT_EQ(decoded(tiff).rgb, expected);
}

TEST(Decode, GreyBecomesThreeEqualChannels) {
  const std::vector<std::uint8_t> grey{0, 100, 200, 255};
  const std::vector<std::uint8_t> expected{0, 0, 0, 100, 100, 100, 200, 200, 200, 255, 255, 255};
  EXPECT_EQ(decoded(test::png_file(2, 2, 1, 8, grey)).rgb, expected);
  Bytes samples;
  for (const auto value : grey) samples.push_back(static_cast<std::byte>(value));
  EXPECT_EQ(decoded(test::tiff_picture(2, 2, 1, 8, samples, 1, 1)).rgb, expected);
  const Image jpeg = decoded(test::grey_jpeg_file(8, 8, std::vector<std::uint8_t>(64, 77)));
  EXPECT_EQ(jpeg.rgb, std::vector<std::uint8_t>(192, 77));
}

// 100 over white at alpha 51 of 255: 100·0.2 + 255·0.8 = 224.
TEST(Decode, AlphaIsLaidOverWhite) {
  const std::vector<std::uint8_t> rgba{100, 0, 255, 51, 9, 9, 9, 0, 50, 60, 70, 255};
  const std::vector<std::uint8_t> expected{224, 204, 255, 255, 255, 255, 50, 60, 70};
  EXPECT_EQ(decoded(test::png_file(3, 1, 4, 8, rgba)).rgb, expected);
  EXPECT_EQ(decoded(test::png_file(1, 1, 2, 8, {100, 51})).rgb,
            (std::vector<std::uint8_t>{224, 224, 224}));
  const Image webp = decoded(made::webp(3, 1, rgba, true));
  EXPECT_EQ(webp.rgb[0], 224);
  EXPECT_EQ(webp.rgb[3], 255);
}

TEST(Decode, CmykFollowsTheUncalibratedProduct) {
  // No ink is white, full key is black, full cyan takes the red.
  std::vector<std::uint8_t> ink(16 * 8 * 4, 0);
  for (std::size_t i = 0; i < 16 * 8; ++i) {
    if (i % 16 >= 8) ink[4 * i] = 255;
  }
  const Image image = decoded(test::cmyk_jpeg_file(16, 8, ink));
  EXPECT_GE(image.at(1, 4)[0], 250);
  EXPECT_LE(image.at(14, 4)[0], 5);
  EXPECT_GE(image.at(14, 4)[1], 250);
}

TEST(Decode, EveryOrientationShowsTheSamePicture) {
  const Image upright = gradient(16, 8);
  // The stored picture for each orientation, made by the inverse turn, written out by hand.
  const auto stored = [&](int orientation) {
    const bool turned = orientation >= 5;
    Image image(turned ? 8 : 16, turned ? 16 : 8);
    for (int y = 0; y < 8; ++y) {
      for (int x = 0; x < 16; ++x) {
        const int right = 15 - x;
        const int bottom = 7 - y;
        const int places[8][2] = {{x, y}, {right, y}, {right, bottom}, {x, bottom},
                                  {y, x}, {y, right}, {bottom, right}, {bottom, x}};
        const auto* place = places[orientation - 1];
        std::copy_n(upright.at(x, y).begin(), 3, image.at(place[0], place[1]).begin());
      }
    }
    return image;
  };
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image turned = stored(orientation);
    Bytes samples;
    for (const auto value : turned.rgb) samples.push_back(static_cast<std::byte>(value));
    const Bytes tiff =
        test::tiff_picture(turned.width_px, turned.height_px, 3, 8, samples, orientation);
    EXPECT_EQ(decoded(tiff), upright) << "TIFF orientation " << orientation;

    for (const bool little : {true, false}) {
      const Bytes jpeg =
          test::with_exif_orientation(encode_jpeg(turned, 100).value(), orientation, little);
      EXPECT_LE(largest_difference(decoded(jpeg), upright), 24) << "EXIF " << orientation;
      const auto header = read_header(jpeg, kLimits);
      ASSERT_OK(header);
      EXPECT_EQ(header->width_px, 16);
      EXPECT_EQ(header->height_px, 8);
      EXPECT_EQ(header->orientation, orientation);
    }
  }
}

TEST(Decode, JpegIsScaledOnlyAsFarAsBothSidesAllow) {
  const Bytes jpeg = encode_jpeg(gradient(640, 480), 90).value();
  const auto size_for = [&](int width, int height) {
    const auto image = decode(jpeg, kLimits, {width, height});
    return image ? image->width_px : 0;
  };
  EXPECT_EQ(size_for(0, 0), 640);
  EXPECT_EQ(size_for(80, 60), 80);
  EXPECT_EQ(size_for(81, 60), 160);
  EXPECT_EQ(size_for(96, 96), 160);
  EXPECT_EQ(size_for(320, 240), 320);
  EXPECT_EQ(size_for(321, 10), 640);
  EXPECT_EQ(size_for(2000, 2000), 640);
}

TEST(Decode, ScalingIsMeasuredAfterTheTurn) {
  const Bytes jpeg =
      test::with_exif_orientation(encode_jpeg(gradient(640, 160), 90).value(), 6, true);
  const auto image = decode(jpeg, kLimits, {80, 320});
  ASSERT_OK(image);
  EXPECT_EQ(image->width_px, 80);
  EXPECT_EQ(image->height_px, 320);
}

TEST(Decode, ScaledJpegLooksLikeTheWhole) {
  const Image whole = gradient(64, 64);
  const auto half = decode(encode_jpeg(whole, 95).value(), kLimits, {32, 32});
  ASSERT_OK(half);
  for (int y = 2; y < 30; ++y) {
    for (int x = 2; x < 30; ++x) {
      EXPECT_NEAR(half->at(x, y)[0], whole.at(2 * x, 2 * y)[0], 16);
      EXPECT_NEAR(half->at(x, y)[1], whole.at(2 * x, 2 * y)[1], 16);
    }
  }
}

TEST(Decode, ContentDecidesNotTheName) {
  const bloodcell::test::TemporaryFolder folder;
  const Image image = gradient(9, 9);
  ASSERT_OK(write_file(folder / "cell.jpg", encode_png(image).value()));
  const auto read = decode_file(folder / "cell.jpg", kLimits);
  ASSERT_OK(read);
  EXPECT_EQ(*read, image);
}

TEST(Decode, ErrorsOfAFileCarryItsPath) {
  const bloodcell::test::TemporaryFolder folder;
  ASSERT_OK(write_text(folder / "cell.jpg", "not a picture at all"));
  const auto read = decode_file(folder / "cell.jpg", kLimits);
  EXPECT_ERROR(read, ErrorCode::malformed);
  EXPECT_THAT(to_text(read.error()), ::testing::HasSubstr("cell.jpg: text, not a picture"));
}

TEST(HasImageName, LooksAtTheEndingInAnyCase) {
  for (const char* name : {"a.jpg", "b.JPEG", "c.Png", "d.bmp", "e.TIF", "f.tiff", "g.webp"}) {
    EXPECT_TRUE(has_image_name(name)) << name;
  }
  for (const char* name : {"jpg", "a.txt", "a.jpg.csv", "a", ".jpg"}) {
    EXPECT_FALSE(has_image_name(name)) << name;
  }
}

}  // namespace
}  // namespace bloodcell::image
