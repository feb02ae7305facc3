// What a decoder is given by those who mean no good, or by a broken disk.

#include <rapidcheck.h>

#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/test/support.hpp>

#include <bloodcell/test/made_files.hpp>

#include "encoded.hpp"
#include "pictures.hpp"

namespace bloodcell::image {
namespace {

const Limits kLimits;

struct Named {
  const char* format;
  Bytes file;
};

const std::vector<Named>& one_of_each() {
  static const std::vector<Named> kFiles = [] {
    const Image image = test::gradient(33, 27);
    Bytes samples;
    for (const auto value : image.rgb) samples.push_back(static_cast<std::byte>(value));
    return std::vector<Named>{{"jpeg", encode_jpeg(image, 90).value()},
                              {"png", encode_png(image).value()},
                              {"bmp", made::bmp(image)},
                              {"tiff", test::tiff_picture(33, 27, 3, 8, samples)},
                              {"webp", made::webp(image)}};
  }();
  return kFiles;
}

Bytes bytes_of(std::string_view text) {
  const auto span = as_bytes_of(text);
  return {span.begin(), span.end()};
}

// PNG signature and an IHDR of these sides, with nothing behind it.
Bytes png_header(std::uint32_t width, std::uint32_t height) {
  test::Writer out(/*little=*/false);
  out.text("\x89PNG\r\n\x1A\n").number(13, 4).text("IHDR").number(width, 4).number(height, 4);
  return out.number(0x0802000000, 5).number(0, 4).done();
}

TEST(Hostile, AnEmptyFileSaysSo) { EXPECT_ERROR(decode(Bytes{}, kLimits), ErrorCode::malformed); }

TEST(Hostile, EveryFormatCutAnywhereIsAnErrorAndNeverHalfAPicture) {
  for (const auto& [format, file] : one_of_each()) {
    const bool ends_in_metadata = std::string_view(format) == "png";
    for (std::size_t length = 0; length < file.size(); length += 1 + file.size() / 150) {
      const Bytes part(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length));
      const auto image = decode(part, kLimits);
      ASSERT_FALSE(image.has_value()) << format << " cut at " << length;
      if (!ends_in_metadata) continue;
      EXPECT_EQ(name_of(image.error().code), "malformed");
    }
  }
}

TEST(Hostile, FlippedBytesNeverGiveAPictureOfAnotherSize) {
  EXPECT_TRUE(rc::check([] {
    const auto& [format, file] =
        one_of_each()[*rc::gen::inRange<std::size_t>(0, one_of_each().size())];
    Bytes damaged = file;
    const int flips = *rc::gen::inRange(1, 8);
    for (int i = 0; i < flips; ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, damaged.size());
      damaged[at] = static_cast<std::byte>(*rc::gen::inRange(0, 256));
    }
    Limits limits;
    limits.max_pixels = 1'000'000;
    const auto header = read_header(damaged, limits);
    const auto image = decode(damaged, limits);
    if (image) {
      RC_ASSERT(header.has_value());
      RC_ASSERT(image->width_px == header->width_px && image->height_px == header->height_px);
      RC_ASSERT(image->rgb.size() == image->pixel_bytes());
    }
  }));
}

TEST(Hostile, AHugePngHeaderIsRefusedBeforeMemoryIsTaken) {
  const auto image = decode(png_header(30'000, 30'000), kLimits);
  EXPECT_ERROR(image, ErrorCode::limit_exceeded);
  EXPECT_THAT(image.error().message, ::testing::HasSubstr("30000x30000"));
  EXPECT_ERROR(decode(png_header(0xffffffff, 1), kLimits), ErrorCode::malformed);
  EXPECT_ERROR(decode(png_header(0x7fffffff, 0x7fffffff), kLimits), ErrorCode::limit_exceeded);
  EXPECT_ERROR(decode(png_header(0, 5), kLimits), ErrorCode::malformed);
  EXPECT_ERROR(decode(png_header(5, 5), kLimits), ErrorCode::malformed);
}

TEST(Hostile, TheLimitsAreThoseGiven) {
  const Bytes png = encode_png(test::gradient(100, 50)).value();
  Limits limits;
  limits.max_pixels = 5000;
  EXPECT_OK(decode(png, limits));
  limits.max_pixels = 4999;
  EXPECT_ERROR(decode(png, limits), ErrorCode::limit_exceeded);
  limits.max_pixels = 5000;
  limits.max_side_px = 99;
  EXPECT_ERROR(decode(png, limits), ErrorCode::limit_exceeded);
}

TEST(Hostile, OtherKindsAreCalledByTheirNames) {
  const auto message = [](std::string_view content) {
    const auto image = decode(bytes_of(content), kLimits);
    return image ? std::string() : image.error().message;
  };
  EXPECT_THAT(message("GIF89a\x01\x02"), ::testing::HasSubstr("GIF"));
  EXPECT_THAT(message("%PDF-1.7\n"), ::testing::HasSubstr("PDF"));
  EXPECT_THAT(message(std::string_view("\0\0\0\x18"
                                       "ftypheic",
                                       12)),
              ::testing::HasSubstr("HEIC"));
  EXPECT_THAT(message("<svg xmlns='x'/>"), ::testing::HasSubstr("SVG"));
  EXPECT_THAT(message("just some words\n"), ::testing::HasSubstr("text"));
  EXPECT_THAT(message("\x01\x02\x03\x04"), ::testing::HasSubstr("not a picture"));
}

TEST(Hostile, ATiffThatPointsBeyondItsEndIsAnError) {
  const Bytes far = test::tiff_picture(8, 8, 3, 8, Bytes(10));
  EXPECT_ERROR(decode(far, kLimits), ErrorCode::malformed);
  const Bytes nowhere = bytes_of(std::string_view("II*\0\xff\xff\xff\x7f", 8));
  EXPECT_ERROR(decode(nowhere, kLimits), ErrorCode::malformed);
}

TEST(Hostile, TiffTilesFarLargerThanThePictureAreRefused) {
  const Bytes file = test::tiff_block({{256, 4, 1, 8},
                                       {257, 4, 1, 8},
                                       {258, 3, 1, 8},
                                       {259, 3, 1, 1},
                                       {262, 3, 1, 1},
                                       {277, 3, 1, 1},
                                       {322, 4, 1, 1 << 20},
                                       {323, 4, 1, 1 << 10},
                                       {324, 4, 1, 8},
                                       {325, 4, 1, 64}});
  EXPECT_FALSE(decode(file, kLimits).has_value());
}

TEST(Hostile, AnOrientationOutOfRangeIsIgnored) {
  const Image image = test::gradient(16, 8);
  const Bytes jpeg = test::with_exif_orientation(encode_jpeg(image, 90).value(), 77, true);
  const auto header = read_header(jpeg, kLimits);
  ASSERT_OK(header);
  EXPECT_EQ(header->orientation, 1);
}

TEST(Hostile, BytesBehindTheEndOfAJpegDoNoHarm) {
  Bytes jpeg = encode_jpeg(test::gradient(16, 8), 90).value();
  jpeg.resize(jpeg.size() + 1000, std::byte{7});
  EXPECT_OK(decode(jpeg, kLimits));
}

}  // namespace
}  // namespace bloodcell::image
