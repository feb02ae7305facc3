#include <png.h>

#include <bloodcell/image/decode.hpp>
#include <bloodcell/test/support.hpp>

#include <bloodcell/test/made_files.hpp>

namespace bloodcell::image {
namespace {

using Rows = std::vector<std::vector<std::uint8_t>>;

std::vector<std::uint8_t> decoded_pixels(int width, int height, const Rows& rows,
                                         const made::PngKind& kind) {
  const auto decoded = decode(made::png(width, height, rows, kind), Limits{});
  EXPECT_OK(decoded);
  if (!decoded) return {};
  EXPECT_EQ(decoded->width_px, width);
  EXPECT_EQ(decoded->height_px, height);
  return decoded->rgb;
}

made::PngKind kind(int colour_type, int bits) { return {colour_type, bits, false, {}, {}, -1}; }

using Pixels = std::vector<std::uint8_t>;

TEST(DecodePng, RgbComesBackAsItWas) {
  const Rows rows{{1, 2, 3, 4, 5, 6}, {250, 251, 252, 253, 254, 255}};
  EXPECT_EQ(decoded_pixels(2, 2, rows, kind(PNG_COLOR_TYPE_RGB, 8)),
            (Pixels{1, 2, 3, 4, 5, 6, 250, 251, 252, 253, 254, 255}));
}

TEST(DecodePng, InterlacedRowsComeInOrder) {
  const Image image = made::patterned(13, 11);
  Rows rows;
  for (int y = 0; y < 11; ++y) {
    const auto first = image.rgb.begin() + 39 * y;
    rows.emplace_back(first, first + 39);
  }
  made::PngKind interlaced = kind(PNG_COLOR_TYPE_RGB, 8);
  interlaced.interlaced = true;
  EXPECT_EQ(decoded_pixels(13, 11, rows, interlaced), image.rgb);
}

TEST(DecodePng, SixteenBitsAreRounded) {
  // 0x807F = 32,895 and 32,895/257 = 127.996 → 128; 0x8080 = 128·257; 0x8101 = 33,025 → 128.50 →
  // 129; 0x8100 = 33,024 → 128.498 → 128; the high byte alone would say 128, 128, 129, 129.
  const Rows rows{{0x80, 0x7F, 0x80, 0x80, 0x81, 0x01, 0x81, 0x00, 0xFF, 0xFF, 0x00, 0x00}};
  EXPECT_EQ(decoded_pixels(2, 1, rows, kind(PNG_COLOR_TYPE_RGB, 16)),
            (Pixels{128, 128, 129, 128, 255, 0}));
}

TEST(DecodePng, GreyOfEveryDepthFillsTheScale) {
  EXPECT_EQ(decoded_pixels(3, 1, {{0b01000000}}, kind(PNG_COLOR_TYPE_GRAY, 1)),
            (Pixels{0, 0, 0, 255, 255, 255, 0, 0, 0}));
  EXPECT_EQ(decoded_pixels(3, 1, {{0b00011000}}, kind(PNG_COLOR_TYPE_GRAY, 2)),
            (Pixels{0, 0, 0, 85, 85, 85, 170, 170, 170}));
  EXPECT_EQ(decoded_pixels(2, 1, {{0x1F}}, kind(PNG_COLOR_TYPE_GRAY, 4)),
            (Pixels{17, 17, 17, 255, 255, 255}));
  EXPECT_EQ(decoded_pixels(2, 1, {{7, 99}}, kind(PNG_COLOR_TYPE_GRAY, 8)),
            (Pixels{7, 7, 7, 99, 99, 99}));
  EXPECT_EQ(decoded_pixels(2, 1, {{0x81, 0x00, 0x81, 0x01}}, kind(PNG_COLOR_TYPE_GRAY, 16)),
            (Pixels{128, 128, 128, 129, 129, 129}));
}

TEST(DecodePng, AlphaIsLaidOverWhite) {
  // 100·128/255 + 255·127/255 = 50.2 + 127 = 177.2
  const Rows rows{{100, 0, 200, 128, 10, 20, 30, 255, 10, 20, 30, 0}};
  EXPECT_EQ(decoded_pixels(3, 1, rows, kind(PNG_COLOR_TYPE_RGB_ALPHA, 8)),
            (Pixels{177, 127, 227, 10, 20, 30, 255, 255, 255}));
  EXPECT_EQ(decoded_pixels(2, 1, {{100, 128, 100, 255}}, kind(PNG_COLOR_TYPE_GRAY_ALPHA, 8)),
            (Pixels{177, 177, 177, 100, 100, 100}));
  const Rows deep{{100, 100, 0, 0, 200, 200, 128, 128}};
  EXPECT_EQ(decoded_pixels(1, 1, deep, kind(PNG_COLOR_TYPE_RGB_ALPHA, 16)),
            (Pixels{177, 127, 227}));
}

TEST(DecodePng, APaletteIsLookedUpWithItsAlpha) {
  made::PngKind palette = kind(PNG_COLOR_TYPE_PALETTE, 2);
  palette.palette = {10, 20, 30, 40, 50, 60, 100, 0, 200};
  EXPECT_EQ(decoded_pixels(3, 1, {{0b00011000}}, palette),
            (Pixels{10, 20, 30, 40, 50, 60, 100, 0, 200}));
  palette.palette_alpha = {255, 0, 128};
  EXPECT_EQ(decoded_pixels(3, 1, {{0b00011000}}, palette),
            (Pixels{10, 20, 30, 255, 255, 255, 177, 127, 227}));
}

TEST(DecodePng, TheTransparentGreyIsWhite) {
  made::PngKind transparent = kind(PNG_COLOR_TYPE_GRAY, 8);
  transparent.transparent_grey = 99;
  EXPECT_EQ(decoded_pixels(2, 1, {{7, 99}}, transparent), (Pixels{7, 7, 7, 255, 255, 255}));
}

TEST(DecodePng, ADamagedChecksumIsAnError) {
  Bytes file = made::png(2, 1, {{1, 2, 3, 4, 5, 6}}, {});
  const Bytes name = made::text("IDAT");
  const auto data = std::search(file.begin(), file.end(), name.begin(), name.end()) + 8;
  *data ^= std::byte{0x10};
  EXPECT_ERROR(decode(file, Limits{}), ErrorCode::malformed);
}

TEST(DecodePng, ExifCountsBeforeAndAfterTheData) {
  const Bytes file = made::png(2, 1, {{1, 2, 3, 4, 5, 6}}, {});
  for (const char* before : {"IDAT", "IEND"}) {
    const auto decoded =
        decode(made::with_chunk(file, "eXIf", made::exif_block(2), before), Limits{});
    ASSERT_OK(decoded);
    EXPECT_EQ(decoded->rgb, (Pixels{4, 5, 6, 1, 2, 3})) << before;
  }
}

TEST(DecodePng, APictureThatCannotBeInItsBytesIsRefusedBeforeMemoryIsTaken) {
  // 9,000×9,000 is within the limits; deflate shrinks by 1032 at most, and the file has 45 bytes.
  const Bytes file =
      made::with_chunk(made::joined({made::png_header(9000, 9000), made::text("....IEND")}), "IDAT",
                       made::text("????"), "IEND");
  const auto decoded = decode(file, Limits{});
  EXPECT_ERROR(decoded, ErrorCode::malformed);
  EXPECT_EQ(decoded.error().message, "ends early: the picture is not whole");
}

}  // namespace
}  // namespace bloodcell::image
