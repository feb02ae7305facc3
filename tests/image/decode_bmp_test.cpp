#include <bloodcell/image/decode.hpp>
#include <bloodcell/test/support.hpp>

#include <bloodcell/test/made_files.hpp>

namespace bloodcell::image {
namespace {

using Pixels = std::vector<std::uint8_t>;
using Rows = std::vector<std::vector<std::uint8_t>>;
using made::BmpKind;

void expect_pixels(int width, int height, const Rows& rows, const BmpKind& kind,
                   const Pixels& expected) {
  const auto decoded = decode(made::bmp(width, height, rows, kind), Limits{});
  ASSERT_OK(decoded);
  EXPECT_EQ(decoded->width_px, width);
  EXPECT_EQ(decoded->height_px, height);
  EXPECT_EQ(decoded->rgb, expected);
}

TEST(DecodeBmp, RowsComeFromTheTopWhicheverWayTheyAreStored) {
  const Rows rows{{3, 2, 1}, {6, 5, 4}};
  for (const bool top_down : {false, true}) {
    expect_pixels(1, 2, rows, {24, 40, top_down, 0, {}, {}}, {1, 2, 3, 4, 5, 6});
  }
  expect_pixels(1, 2, rows, {24, 12, false, 0, {}, {}}, {1, 2, 3, 4, 5, 6});
  const Image image = made::patterned(13, 7);
  const auto decoded = decode(made::bmp(image), Limits{});
  ASSERT_OK(decoded);
  EXPECT_EQ(*decoded, image);
}

TEST(DecodeBmp, PalettesOfOneFourAndEightBitsAreLookedUp) {
  const Pixels palette{30, 20, 10, 0, 60, 50, 40, 0};
  for (const int bits : {1, 4, 8}) {
    Pixels full = palette;
    full.resize(4U << bits);
    const Rows rows{bits == 1 ? Pixels{0b01000000} : bits == 4 ? Pixels{0x01} : Pixels{0, 1}};
    expect_pixels(2, 1, rows, {bits, 40, false, 0, {}, full}, {10, 20, 30, 40, 50, 60});
  }
  const Pixels oldest{30, 20, 10, 60, 50, 40};
  expect_pixels(2, 1, {{0b01000000}}, {1, 12, false, 0, {}, oldest}, {10, 20, 30, 40, 50, 60});
}

TEST(DecodeBmp, SixteenBitsHoldFiveForEachChannel) {
  // 0 11111 00000 00001: red 31 → 255, blue 1 → 8
  expect_pixels(1, 1, {{0x01, 0x7C}}, {16, 40, false, 0, {}, {}}, {255, 0, 8});
}

TEST(DecodeBmp, MasksNameTheChannels) {
  expect_pixels(1, 1, {{10, 20, 30, 0}}, {32, 40, false, 3, {0xFF, 0xFF00, 0xFF0000}, {}},
                {10, 20, 30});
}

TEST(DecodeBmp, AlphaCountsOnlyWhereAMaskNamesIt) {
  const Rows rows{{200, 0, 100, 128}};
  expect_pixels(1, 1, rows, {32, 40, false, 0, {}, {}}, {100, 0, 200});
  expect_pixels(1, 1, rows, {32, 108, false, 3, {0xFF0000, 0xFF00, 0xFF, 0xFF000000}, {}},
                {177, 127, 227});
  expect_pixels(1, 1, rows, {32, 108, false, 3, {0xFF0000, 0xFF00, 0xFF, 0}, {}}, {100, 0, 200});
}

TEST(DecodeBmp, RunLengthCodingIsSaidToBeUnread) {
  const Pixels palette(1024);
  const auto decoded =
      decode(made::bmp(2, 1, {{2, 1, 0, 1}}, {8, 40, false, 1, {}, palette}), Limits{});
  EXPECT_ERROR(decoded, ErrorCode::unsupported);
  EXPECT_EQ(decoded.error().message, "a run-length coded BMP, which we do not read");
}

TEST(DecodeBmp, AColourThePaletteDoesNotHaveIsAnError) {
  const Pixels two_colours{30, 20, 10, 0, 60, 50, 40, 0};
  const BmpKind kind{8, 40, false, 0, {}, two_colours};
  EXPECT_OK(decode(made::bmp(2, 1, {{0, 1}}, kind), Limits{}));
  EXPECT_ERROR(decode(made::bmp(2, 1, {{0, 2}}, kind), Limits{}), ErrorCode::malformed);
}

TEST(DecodeBmp, OtherBitsAndCodingsAreRefused) {
  EXPECT_ERROR(decode(made::bmp(1, 1, {{1}}, {2, 40, false, 0, {}, {}}), Limits{}),
               ErrorCode::malformed);
  EXPECT_ERROR(decode(made::bmp(1, 1, {{1, 2, 3}}, {24, 40, false, 5, {}, {}}), Limits{}),
               ErrorCode::unsupported);
  EXPECT_ERROR(decode(made::bmp(1, 1, {{1, 2, 3}}, {24, 40, false, 3, {1, 2, 4}, {}}), Limits{}),
               ErrorCode::malformed);
}

TEST(DecodeBmp, PixelsThatBeginWithinTheHeaderAreRefused) {
  Bytes file = made::bmp(made::patterned(2, 2));
  file[10] = std::byte{20};
  EXPECT_ERROR(decode(file, Limits{}), ErrorCode::malformed);
}

TEST(DecodeBmp, ASideOfMinusTwoBillionIsRefused) {
  Bytes file = made::bmp(made::patterned(2, 2));
  file[25] = std::byte{0x80};
  file[22] = std::byte{0};
  EXPECT_ERROR(decode(file, Limits{}), ErrorCode::malformed);
}

TEST(DecodeBmp, ARowBehindTheEndIsMissed) {
  Bytes file = made::bmp(made::patterned(5, 5));
  file.pop_back();
  const auto decoded = decode(file, Limits{});
  EXPECT_ERROR(decoded, ErrorCode::malformed);
  EXPECT_EQ(decoded.error().message, "ends early: the picture is not whole");
}

}  // namespace
}  // namespace bloodcell::image
