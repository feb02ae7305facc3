#include <turbojpeg.h>

#include <gmock/gmock.h>

#include <bloodcell/base/random.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/test/support.hpp>

#include <bloodcell/test/made_files.hpp>

namespace bloodcell::image {
namespace {

constexpr int kLossy = 6;  // levels that JPEG at quality 95 may be off on slow slopes

Bytes flat_cmyk(std::uint8_t c, std::uint8_t m, std::uint8_t y, std::uint8_t k) {
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < 16 * 16; ++i) pixels.insert(pixels.end(), {c, m, y, k});
  return made::jpeg(16, 16, pixels, {TJPF_CMYK, TJSAMP_444, 100, 0});
}

void expect_flat(const Result<Image>& image, int red, int green, int blue) {
  ASSERT_OK(image);
  ASSERT_EQ(image->width_px, 16);
  const auto pixel = image->at(8, 8);
  EXPECT_NEAR(pixel[0], red, 3);
  EXPECT_NEAR(pixel[1], green, 3);
  EXPECT_NEAR(pixel[2], blue, 3);
}

TEST(DecodeJpeg, GivesThePictureBack) {
  const Image image = made::smooth(45, 31);
  for (const int subsampling : {TJSAMP_444, TJSAMP_422, TJSAMP_420}) {
    for (const int flags : {0, TJFLAG_PROGRESSIVE}) {
      const auto decoded =
          decode(made::jpeg(45, 31, image.rgb, {TJPF_RGB, subsampling, 95, flags}), Limits{});
      ASSERT_OK(decoded);
      EXPECT_LE(made::largest_difference(*decoded, image), kLossy);
    }
  }
}

TEST(DecodeJpeg, GreyBecomesThreeEqualChannels) {
  std::vector<std::uint8_t> grey;
  for (int i = 0; i < 20 * 10; ++i) grey.push_back(static_cast<std::uint8_t>(i));
  const auto decoded = decode(made::jpeg(20, 10, grey, {TJPF_GRAY, TJSAMP_GRAY, 95, 0}), Limits{});
  ASSERT_OK(decoded);
  for (std::size_t i = 0; i < grey.size(); ++i) {
    EXPECT_NEAR(decoded->rgb[3 * i], grey[i], kLossy);
    EXPECT_EQ(decoded->rgb[3 * i], decoded->rgb[3 * i + 1]);
    EXPECT_EQ(decoded->rgb[3 * i], decoded->rgb[3 * i + 2]);
  }
}

TEST(DecodeJpeg, CmykWithTheAdobeMarkerIsStoredInverted) {
  // Stored 255 − ink: ink of (55, 155, 205) and black of 51 leave 200·204/255 = 160, 80, 40.
  expect_flat(decode(flat_cmyk(200, 100, 50, 204), Limits{}), 160, 80, 40);
  expect_flat(decode(flat_cmyk(255, 255, 255, 255), Limits{}), 255, 255, 255);
  expect_flat(decode(flat_cmyk(255, 255, 255, 0), Limits{}), 0, 0, 0);
}

TEST(DecodeJpeg, CmykWithoutTheAdobeMarkerIsInk) {
  // TurboJPEG writes YCCK of (255−C, …): equal parts of 100 give Y = 155, Cb = Cr = 128. Read as
  // plain CMYK that is ink of 155, 128, 128 under black of 51: (255−155)·204/255 = 80, 102, 102.
  const Bytes file = made::without_segments(flat_cmyk(100, 100, 100, 51), 0xEE);
  expect_flat(decode(file, Limits{}), 80, 102, 102);
}

TEST(DecodeJpeg, IsScaledAsFarAsBothSidesAllow) {
  const Bytes file = made::jpeg(made::smooth(101, 67));
  struct Case {
    int min_width, min_height, width, height;
  };
  for (const Case& c :
       {Case{0, 0, 101, 67}, Case{101, 67, 101, 67}, Case{51, 34, 51, 34}, Case{52, 34, 101, 67},
        Case{51, 35, 101, 67}, Case{20, 10, 26, 17}, Case{1, 1, 13, 9}, Case{13, 9, 13, 9},
        Case{14, 1, 26, 17}, Case{500, 1, 101, 67}, Case{1, 0, 101, 67}}) {
    const auto decoded = decode(file, Limits{}, {c.min_width, c.min_height});
    ASSERT_OK(decoded);
    EXPECT_EQ(decoded->width_px, c.width) << c.min_width << " " << c.min_height;
    EXPECT_EQ(decoded->height_px, c.height) << c.min_width << " " << c.min_height;
  }
}

TEST(DecodeJpeg, HalfSizeIsTheMeanOfFourPixels) {
  const Image image = made::smooth(64, 64);
  const auto half = decode(made::jpeg(image), Limits{}, {32, 32});
  ASSERT_OK(half);
  ASSERT_EQ(half->width_px, 32);
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 32; ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        const int sum = image.at(2 * x, 2 * y)[c] + image.at(2 * x + 1, 2 * y)[c] +
                        image.at(2 * x, 2 * y + 1)[c] + image.at(2 * x + 1, 2 * y + 1)[c];
        EXPECT_NEAR(half->at(x, y)[c], sum / 4.0, kLossy);
      }
    }
  }
}

TEST(DecodeJpeg, APictureThatEndsEarlyIsAnErrorThatSaysSo) {
  const Bytes whole = made::jpeg(made::smooth(64, 64));
  const Bytes part(whole.begin(),
                   whole.begin() + static_cast<std::ptrdiff_t>(whole.size() * 2 / 3));
  const auto decoded = decode(part, Limits{});
  EXPECT_ERROR(decoded, ErrorCode::malformed);
  EXPECT_EQ(decoded.error().message, "ends early: the picture is not whole");
}

TEST(DecodeJpeg, AnEndMarkerPutOnACutPictureDoesNotMakeItWhole) {
  const Bytes whole = made::jpeg(made::patterned(64, 64));
  Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() * 2 / 3));
  part.push_back(std::byte{0xFF});
  part.push_back(std::byte{0xD9});
  EXPECT_ERROR(decode(part, Limits{}), ErrorCode::malformed);
}

TEST(DecodeJpeg, ACutPictureIsFoundBehindAHarmlessWarning) {
  // An unknown JFIF version is the first warning, and TurboJPEG tells only the first.
  Bytes whole = made::jpeg(made::smooth(64, 64));
  ASSERT_EQ(whole[11], std::byte{1});  // major version
  whole[11] = std::byte{9};
  EXPECT_OK(decode(whole, Limits{}));
  const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() - 40));
  EXPECT_ERROR(decode(part, Limits{}), ErrorCode::malformed);
}

TEST(DecodeJpeg, StrayBytesBeforeTheEndMarkerAreHarmless) {
  Bytes file = made::jpeg(made::smooth(32, 32));
  file.insert(file.end() - 2, {std::byte{1}, std::byte{2}, std::byte{3}});
  EXPECT_OK(decode(file, Limits{}));
}

TEST(DecodeJpeg, AMarkerAmongTheDataIsAnError) {
  Bytes file = made::jpeg(made::patterned(96, 96));
  file[file.size() / 2] = std::byte{0xFF};
  file[file.size() / 2 + 1] = std::byte{0xD3};  // a restart where none was announced
  EXPECT_ERROR(decode(file, Limits{}), ErrorCode::malformed);
}

TEST(DecodeJpeg, TheFirstExifSegmentCounts) {
  const Bytes plain = made::jpeg(made::smooth(40, 20));
  const Bytes twice = made::with_exif(made::with_exif(plain, 1), 6);  // 6 stands first
  const auto header = read_header(twice, Limits{});
  ASSERT_OK(header);
  EXPECT_EQ(header->orientation, 6);
}

TEST(DecodeJpeg, AnExifBlockThatMakesNoSenseIsPassedOver) {
  const Bytes plain = made::jpeg(made::smooth(40, 20));
  const Bytes name = made::text(std::string("Exif\0\0", 6));
  Random random(1, stream_of("exif"), 0);
  for (int trial = 0; trial < 300; ++trial) {
    Bytes block = made::exif_block(6, trial % 2 == 0);
    block.resize(block.size() - random.below(12));
    block[random.below(block.size())] = static_cast<std::byte>(random.below(256));
    const auto decoded =
        decode(made::with_segment(plain, 0xE1, made::joined({name, block})), Limits{});
    ASSERT_OK(decoded);
    EXPECT_EQ(decoded->width_px * decoded->height_px, 800);
  }
}

TEST(DecodeJpeg, AFloodOfScansIsRefused) {
  // A progressive picture whose last scan is repeated 600 times: small to send, long to decode.
  const Bytes file =
      made::jpeg(16, 16, made::smooth(16, 16).rgb, {TJPF_RGB, TJSAMP_444, 95, TJFLAG_PROGRESSIVE});
  const Bytes mark{std::byte{0xFF}, std::byte{0xDA}};
  const auto last = std::find_end(file.begin(), file.end(), mark.begin(), mark.end());
  Bytes flood(file.begin(), last);
  for (int i = 0; i < 600; ++i) flood.insert(flood.end(), last, file.end() - 2);
  flood.insert(flood.end(), file.end() - 2, file.end());
  EXPECT_ERROR(decode(flood, Limits{}), ErrorCode::malformed);
}

}  // namespace
}  // namespace bloodcell::image
