#include <bloodcell/image/decode.hpp>
#include <bloodcell/test/support.hpp>

#include <bloodcell/test/made_files.hpp>

namespace bloodcell::image {
namespace {

TEST(DecodeWebp, LosslessComesBackAsItWas) {
  const Image image = made::patterned(23, 19);
  const auto decoded = decode(made::webp(image), Limits{});
  ASSERT_OK(decoded);
  EXPECT_EQ(*decoded, image);
}

TEST(DecodeWebp, LossyComesBackAlmost) {
  const Image image = made::smooth(64, 48);
  const auto decoded = decode(made::webp(image, false), Limits{});
  ASSERT_OK(decoded);
  EXPECT_LE(made::largest_difference(*decoded, image), 12);
}

TEST(DecodeWebp, AlphaIsLaidOverWhite) {
  const std::vector<std::uint8_t> rgba{100, 0, 200, 128, 10, 20, 30, 255, 10, 20, 30, 0};
  const auto decoded = decode(made::webp(3, 1, rgba, true), Limits{});
  ASSERT_OK(decoded);
  EXPECT_EQ(decoded->rgb, (std::vector<std::uint8_t>{177, 127, 227, 10, 20, 30, 255, 255, 255}));
}

TEST(DecodeWebp, ExifMayComeWithItsNameOrWithout) {
  const Image image = made::patterned(4, 2);
  const Bytes block = made::exif_block(6);
  const Bytes named = made::joined({made::text(std::string("Exif\0\0", 6)), block});
  for (const Bytes& exif : {block, named}) {
    const auto header = read_header(made::webp_with_exif(image, exif), Limits{});
    ASSERT_OK(header);
    EXPECT_EQ(header->orientation, 6);
    EXPECT_EQ(header->width_px, 2);
  }
}

TEST(DecodeWebp, AMovingPictureIsSaidToBeUnread) {
  Bytes file = made::webp_with_exif(made::patterned(4, 2), made::exif_block(1));
  file[20] |= std::byte{0x02};  // the animation flag
  EXPECT_ERROR(decode(file, Limits{}), ErrorCode::unsupported);
}

TEST(DecodeWebp, AFileThatLostItsExifIsNotWhole) {
  // The picture's own data are all there; how it is turned is not.
  Bytes file = made::webp_with_exif(made::patterned(4, 2), made::exif_block(6));
  file.resize(file.size() - 20);
  EXPECT_ERROR(decode(file, Limits{}), ErrorCode::malformed);
}

}  // namespace
}  // namespace bloodcell::image
