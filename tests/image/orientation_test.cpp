// The same 3×2 picture in all eight EXIF orientations, in each format that can say so.
#include <array>
#include <string>

#include <bloodcell/image/decode.hpp>
#include <bloodcell/test/support.hpp>

#include <bloodcell/test/made_files.hpp>

namespace bloodcell::image {
namespace {

// How a viewer shows the stored rows "abc", "def" (JEITA CP-3451, tag 0x0112).
constexpr std::array<const char*, 9> kShown{
    "", "abc/def", "cba/fed", "fed/cba", "def/abc", "ad/be/cf", "da/eb/fc", "fc/eb/da", "cf/be/ad"};

// Colours far apart, so that lossy files keep them apart.
constexpr std::array<std::array<std::uint8_t, 3>, 6> kColours{
    {{250, 20, 20}, {20, 250, 20}, {20, 20, 250}, {240, 240, 20}, {20, 230, 240}, {128, 128, 128}}};

// Each letter a square of `side` pixels.
Image stored(int side) {
  Image image(3 * side, 2 * side);
  for (int y = 0; y < image.height_px; ++y) {
    for (int x = 0; x < image.width_px; ++x) {
      const auto& colour = kColours[static_cast<std::size_t>(y / side * 3 + x / side)];
      std::copy(colour.begin(), colour.end(), image.at(x, y).begin());
    }
  }
  return image;
}

char letter_at(const Image& image, int x, int y) {
  for (std::size_t i = 0; i < kColours.size(); ++i) {
    const auto pixel = image.at(x, y);
    int distance = 0;
    for (std::size_t c = 0; c < 3; ++c) distance += std::abs(pixel[c] - kColours[i][c]);
    if (distance < 60) return static_cast<char>('a' + i);
  }
  return '?';
}

std::string letters(const Image& image, int side) {
  std::string text;
  for (int y = 0; y < image.height_px / side; ++y) {
    if (y > 0) text += '/';
    for (int x = 0; x < image.width_px / side; ++x) {
      text += letter_at(image, x * side + side / 2, y * side + side / 2);
    }
  }
  return text;
}

using Maker = Bytes (*)(int orientation);

Bytes turned_png(int orientation) {
  const Image image = stored(1);
  std::vector<std::vector<std::uint8_t>> rows{{image.rgb.begin(), image.rgb.begin() + 9},
                                              {image.rgb.begin() + 9, image.rgb.end()}};
  return made::with_chunk(made::png(3, 2, rows, {}), "eXIf",
                          made::exif_block(orientation, orientation > 4), "IDAT");
}

Bytes turned_tiff(int orientation) {
  made::TiffKind kind;
  kind.orientation = orientation;
  return made::tiff(3, 2, made::samples_of(stored(1)), kind);
}

// Few bits go the way of libtiff's own conversion, which turns pictures too.
Bytes turned_palette_tiff(int orientation) {
  made::TiffKind kind;
  kind.orientation = orientation;
  kind.photometric = 3;
  kind.samples = 1;
  kind.bits = 4;
  kind.colour_map.resize(48);
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      kind.colour_map[16 * c + i] = static_cast<std::uint16_t>(kColours[i][c] << 8);
    }
  }
  return made::tiff(3, 2, [](int x, int y, int) { return 3 * y + x; }, kind);
}

Bytes turned_webp(int orientation) {
  return made::webp_with_exif(stored(1), made::exif_block(orientation));
}

Bytes turned_jpeg(int orientation) { return made::with_exif(made::jpeg(stored(16)), orientation); }

void expect_all_orientations(Maker make, int side) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Bytes file = make(orientation);
    const auto header = read_header(file, Limits{});
    ASSERT_OK(header);
    EXPECT_EQ(header->orientation, orientation);
    const auto decoded = decode(file, Limits{});
    ASSERT_OK(decoded);
    EXPECT_EQ(letters(*decoded, side), kShown[static_cast<std::size_t>(orientation)])
        << orientation;
    EXPECT_EQ(header->width_px, decoded->width_px);
    EXPECT_EQ(header->height_px, decoded->height_px);
  }
}

TEST(Orientation, OfPngIsAppliedOnce) { expect_all_orientations(&turned_png, 1); }
TEST(Orientation, OfTiffIsAppliedOnce) { expect_all_orientations(&turned_tiff, 1); }
TEST(Orientation, OfPaletteTiffIsAppliedOnce) { expect_all_orientations(&turned_palette_tiff, 1); }
TEST(Orientation, OfWebpIsAppliedOnce) { expect_all_orientations(&turned_webp, 1); }
TEST(Orientation, OfJpegIsAppliedOnce) { expect_all_orientations(&turned_jpeg, 16); }

TEST(Orientation, OfAScaledJpegIsAppliedOnce) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const auto decoded = decode(turned_jpeg(orientation), Limits{}, {16, 16});
    ASSERT_OK(decoded);
    EXPECT_EQ(decoded->width_px * decoded->height_px, 24 * 16);
    EXPECT_EQ(letters(*decoded, 8), kShown[static_cast<std::size_t>(orientation)]) << orientation;
  }
}

TEST(Orientation, OutsideOneToEightMeansAsStored) {
  for (const int nonsense : {0, 9, 255, 65535}) {
    const auto decoded = decode(turned_png(nonsense), Limits{});
    ASSERT_OK(decoded);
    EXPECT_EQ(letters(*decoded, 1), kShown[1]) << nonsense;
  }
}

}  // namespace
}  // namespace bloodcell::image
