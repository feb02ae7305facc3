#include <tiffio.h>

#include <bloodcell/image/decode.hpp>
#include <bloodcell/test/support.hpp>

#include <bloodcell/test/made_files.hpp>

namespace bloodcell::image {
namespace {

using Pixels = std::vector<std::uint8_t>;
using made::TiffKind;

TiffKind kind(int photometric, int samples, int bits) {
  TiffKind kind;
  kind.photometric = photometric;
  kind.samples = samples;
  kind.bits = bits;
  return kind;
}

// One pixel with these samples.
Result<Image> decoded_pixel(const std::vector<int>& samples, const TiffKind& kind) {
  const auto sample = [&](int, int, int s) { return samples[static_cast<std::size_t>(s)]; };
  return decode(made::tiff(1, 1, sample, kind), Limits{});
}

void expect_pixel(const std::vector<int>& samples, const TiffKind& kind, const Pixels& expected) {
  const auto decoded = decoded_pixel(samples, kind);
  ASSERT_OK(decoded);
  EXPECT_EQ(decoded->rgb, expected);
}

TEST(DecodeTiff, EveryLayoutAndCodingGivesThePictureBack) {
  const Image image = made::patterned(37, 21);
  const auto sample8 = made::samples_of(image);
  const auto sample16 = [&](int x, int y, int s) { return 257 * sample8(x, y, s); };
  for (const int coding :
       {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_PACKBITS, COMPRESSION_ADOBE_DEFLATE}) {
    for (const bool planar : {false, true}) {
      for (const int tile : {0, 16}) {
        for (const int bits : {8, 16}) {
          for (const char* mode : {"wl", "wb", "w8"}) {
            TiffKind made = kind(PHOTOMETRIC_RGB, 3, bits);
            made.compression = coding;
            made.planar = planar;
            made.tile = tile;
            made.mode = mode;
            if (coding == COMPRESSION_LZW) made.predictor = PREDICTOR_HORIZONTAL;
            const auto decoded =
                decode(made::tiff(37, 21, bits == 8 ? sample8 : sample16, made), Limits{});
            ASSERT_OK(decoded);
            EXPECT_EQ(decoded->rgb, image.rgb)
                << coding << " " << planar << " " << tile << " " << bits << " " << mode;
          }
        }
      }
    }
  }
}

TEST(DecodeTiff, GreyOfEveryDepthFillsTheScale) {
  expect_pixel({1}, kind(PHOTOMETRIC_MINISBLACK, 1, 1), {255, 255, 255});
  expect_pixel({0}, kind(PHOTOMETRIC_MINISWHITE, 1, 1), {255, 255, 255});
  expect_pixel({1}, kind(PHOTOMETRIC_MINISBLACK, 1, 2), {85, 85, 85});
  expect_pixel({1}, kind(PHOTOMETRIC_MINISBLACK, 1, 4), {17, 17, 17});
  expect_pixel({99}, kind(PHOTOMETRIC_MINISBLACK, 1, 8), {99, 99, 99});
  expect_pixel({99}, kind(PHOTOMETRIC_MINISWHITE, 1, 8), {156, 156, 156});
}

TEST(DecodeTiff, SixteenBitsAreRounded) {
  // 0x8101 / 257 = 128.50, 0x8100 / 257 = 128.498
  expect_pixel({0x8101}, kind(PHOTOMETRIC_MINISBLACK, 1, 16), {129, 129, 129});
  expect_pixel({0x8100}, kind(PHOTOMETRIC_MINISBLACK, 1, 16), {128, 128, 128});
  expect_pixel({0x8101}, kind(PHOTOMETRIC_MINISWHITE, 1, 16), {126, 126, 126});
  expect_pixel({0x8101, 0x8100, 0xFFFF}, kind(PHOTOMETRIC_RGB, 3, 16), {129, 128, 255});
}

TEST(DecodeTiff, AlphaIsLaidOverWhite) {
  for (const int bits : {8, 16}) {
    const int full = bits == 8 ? 1 : 257;
    TiffKind rgba = kind(PHOTOMETRIC_RGB, 4, bits);
    rgba.extra = EXTRASAMPLE_UNASSALPHA;
    expect_pixel({100 * full, 0, 200 * full, 128 * full}, rgba, {177, 127, 227});
    rgba.extra = EXTRASAMPLE_ASSOCALPHA;  // 50 of 100 by half, and what is missing is white
    expect_pixel({50 * full, 0, 100 * full, 128 * full}, rgba, {177, 127, 227});
    rgba.extra = EXTRASAMPLE_UNSPECIFIED;  // says nothing of alpha
    expect_pixel({100 * full, 0, 200 * full, 128 * full}, rgba, {100, 0, 200});
    TiffKind grey = kind(PHOTOMETRIC_MINISBLACK, 2, bits);
    grey.extra = EXTRASAMPLE_UNASSALPHA;
    expect_pixel({100 * full, 128 * full}, grey, {177, 177, 177});
  }
}

TEST(DecodeTiff, CmykIsTheProductOfInkAndBlack) {
  // (255 − 55)·(255 − 51)/255 = 160, 80, 40
  expect_pixel({55, 155, 205, 51}, kind(PHOTOMETRIC_SEPARATED, 4, 8), {160, 80, 40});
  TiffKind planar = kind(PHOTOMETRIC_SEPARATED, 4, 16);
  planar.planar = true;
  expect_pixel({55 * 257, 155 * 257, 205 * 257, 51 * 257}, planar, {160, 80, 40});
}

TEST(DecodeTiff, APaletteIsLookedUp) {
  TiffKind palette = kind(PHOTOMETRIC_PALETTE, 1, 4);
  palette.colour_map.resize(48);
  palette.colour_map[5] = 10 << 8;
  palette.colour_map[16 + 5] = 20 << 8;
  palette.colour_map[32 + 5] = 255 << 8;
  expect_pixel({5}, palette, {10, 20, 255});
}

TEST(DecodeTiff, OfSeveralPagesTheFirstIsRead) {
  const Image image = made::patterned(9, 5);
  const auto decoded = decode(made::tiff(9, 5, made::samples_of(image), {}, 3), Limits{});
  ASSERT_OK(decoded);
  EXPECT_EQ(*decoded, image);
}

TEST(DecodeTiff, WhatWeDoNotReadIsSaid) {
  TiffKind floats = kind(PHOTOMETRIC_MINISBLACK, 1, 32);
  floats.sample_format = SAMPLEFORMAT_IEEEFP;
  EXPECT_ERROR(decoded_pixel({0}, floats), ErrorCode::unsupported);
  TiffKind signed_numbers = kind(PHOTOMETRIC_MINISBLACK, 1, 16);
  signed_numbers.sample_format = SAMPLEFORMAT_INT;
  EXPECT_ERROR(decoded_pixel({0}, signed_numbers), ErrorCode::unsupported);
  EXPECT_ERROR(decoded_pixel({0}, kind(PHOTOMETRIC_MINISBLACK, 1, 32)), ErrorCode::unsupported);
  TiffKind channels = kind(PHOTOMETRIC_MINISBLACK, 9, 8);
  EXPECT_ERROR(decoded_pixel(std::vector<int>(9), channels), ErrorCode::unsupported);
  TiffKind log = kind(PHOTOMETRIC_RGB, 3, 16);
  log.compression = COMPRESSION_PIXARLOG;
  EXPECT_ERROR(decoded_pixel({0, 0, 0}, log), ErrorCode::unsupported);
}

// The place of the 12-byte entry of a tag in a little-endian file whose directory is known.
std::size_t entry_of(const Bytes& file, unsigned tag) {
  const auto number = [&](std::size_t at, std::size_t count) {
    std::size_t value = 0;
    for (std::size_t i = count; i-- > 0;)
      value = value << 8 | static_cast<std::size_t>(file[at + i]);
    return value;
  };
  const std::size_t directory = number(4, 4);
  for (std::size_t i = 0; i < number(directory, 2); ++i) {
    if (number(directory + 2 + 12 * i, 2) == tag) return directory + 2 + 12 * i;
  }
  ADD_FAILURE() << "no tag " << tag;
  return directory + 2;
}

TEST(DecodeTiff, ATileOfAGigabyteIsRefused) {
  TiffKind tiled;
  tiled.tile = 16;
  Bytes file = made::tiff(20, 20, made::samples_of(made::patterned(20, 20)), tiled);
  for (const unsigned tag : {322U, 323U}) {
    const std::size_t value = entry_of(file, tag) + 8;
    file[value] = std::byte{0};
    file[value + 1] = std::byte{0x40};  // 16,384
  }
  EXPECT_ERROR(decode(file, Limits{}), ErrorCode::malformed);
}

TEST(DecodeTiff, ATableThatClaimsFourBillionStripsIsReadAsFarAsThePictureGoes) {
  const Image image = made::patterned(20, 20);
  Bytes file = made::tiff(20, 20, made::samples_of(image), {});
  const std::size_t count = entry_of(file, TIFFTAG_STRIPOFFSETS) + 4;
  for (std::size_t i = 0; i < 4; ++i) file[count + i] = std::byte{0xFF};
  const auto decoded = decode(file, Limits{});
  ASSERT_OK(decoded);
  EXPECT_EQ(*decoded, image);
}

TEST(DecodeTiff, StripsThatAllNameTheWholeFileAreRefused) {
  TiffKind rows;
  rows.rows_per_strip = 1;
  const int height = 600;
  Bytes file = made::tiff(1, height, [](int, int, int) { return 0; }, rows);
  const std::size_t counts = entry_of(file, TIFFTAG_STRIPBYTECOUNTS);
  ASSERT_EQ(file[counts + 2], std::byte{3});  // 16-bit numbers
  std::size_t at = 0;
  for (std::size_t i = 4; i-- > 0;) at = at << 8 | static_cast<std::size_t>(file[counts + 8 + i]);
  for (std::size_t i = 0; i < 2 * std::size_t{height}; ++i) file[at + i] = std::byte{0x0F};
  const auto decoded = decode(file, Limits{});
  EXPECT_ERROR(decoded, ErrorCode::malformed);
  EXPECT_THAT(decoded.error().message, testing::HasSubstr("overlap"));
}

TEST(DecodeTiff, ADirectoryThatWasCutOffIsSaid) {
  const Bytes file = made::tiff(20, 20, made::samples_of(made::patterned(20, 20)), {});
  const Bytes part(file.begin(), file.begin() + 500);
  const auto decoded = decode(part, Limits{});
  EXPECT_ERROR(decoded, ErrorCode::malformed);
  EXPECT_EQ(decoded.error().message, "ends early: the picture is not whole");
}

}  // namespace
}  // namespace bloodcell::image
