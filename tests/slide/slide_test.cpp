#include <bloodcell/slide/slide.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/image/geometry.hpp>
#include <bloodcell/test/made_files.hpp>
#include <bloodcell/test/made_slide.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::slide {
namespace {

using image::made::patterned;
using test::write_slide;

constexpr std::uint64_t kPlenty = 1'000'000;

TEST(Slide, APyramidalTiffIsASlideWhateverItsName) {
  const test::TemporaryFolder folder;
  write_slide(folder / "scan.jpg", patterned(300, 200));
  EXPECT_TRUE(is_slide(folder / "scan.jpg", {}));
}

TEST(Slide, PicturesStayPictures) {
  const test::TemporaryFolder folder;
  const auto picture = patterned(130, 70);
  write_slide(folder / "one-level.tif", picture, {.levels = 1});
  const auto striped =
      image::made::tiff(130, 70, image::made::samples_of(picture), image::made::TiffKind{}, 2);
  ASSERT_OK(write_file(folder / "striped.svs", striped));
  ASSERT_OK(write_file(folder / "photo.ndpi", image::encode_png(picture).value()));
  ASSERT_OK(write_file(folder / "photo.jpg", image::encode_jpeg(picture, 90).value()));
  ASSERT_OK(write_text(folder / "text.svs", "no slide"));
  ASSERT_OK(write_text(folder / "empty.svs", ""));
  for (const char* name : {"one-level.tif", "striped.svs", "photo.ndpi", "photo.jpg", "text.svs",
                           "empty.svs", "none"}) {
    EXPECT_FALSE(is_slide(folder / name, {})) << name;
  }
  EXPECT_FALSE(is_slide(folder.path(), {}));
}

TEST(Slide, ATiledTiffTooLargeForAPictureIsRead) {
  const test::TemporaryFolder folder;
  write_slide(folder / "large.tif", patterned(130, 70), {.levels = 1});
  Limits limits;
  limits.max_pixels = 130 * 70 - 1;
  EXPECT_TRUE(is_slide(folder / "large.tif", limits));
}

TEST(Slide, ReadsTheFinestLevelWherePixelsAreAsTheyWereWritten) {
  const test::TemporaryFolder folder;
  const auto picture = patterned(300, 200);
  write_slide(folder / "scan.tif", picture);
  const auto slide = Slide::open(folder / "scan.tif", kPlenty);
  ASSERT_OK(slide);
  EXPECT_EQ(slide->width_px(), 300);
  EXPECT_EQ(slide->height_px(), 200);
  EXPECT_EQ(slide->vendor(), "generic-tiff");
  const image::Box across_tiles{50, 30, 100, 90};
  const auto read = slide->read(across_tiles);
  ASSERT_OK(read);
  EXPECT_EQ(*read, image::crop(picture, across_tiles, {255, 255, 255}));
}

TEST(Slide, WhatLiesBeyondIsWhite) {
  const test::TemporaryFolder folder;
  const auto picture = patterned(128, 128);
  write_slide(folder / "scan.tif", picture);
  const auto slide = Slide::open(folder / "scan.tif", kPlenty);
  ASSERT_OK(slide);
  const image::Box beyond{100, -20, 60, 60};
  const auto read = slide->read(beyond);
  ASSERT_OK(read);
  EXPECT_EQ(*read, image::crop(picture, beyond, {255, 255, 255}));
}

TEST(Slide, TakesTheSideOfAPixelFromTheResolution) {
  const test::TemporaryFolder folder;
  write_slide(folder / "scan.tif", patterned(128, 128), {.um_per_px = 0.25});
  write_slide(folder / "silent.tif", patterned(128, 128));
  write_slide(folder / "paper.tif", patterned(128, 128), {.um_per_px = 84.7});  // 300 dpi
  const auto side = [&](const char* name) {
    return Slide::open(folder / name, kPlenty)->um_per_px();
  };
  EXPECT_NEAR(side("scan.tif").value_or(0), 0.25, 1e-4);
  EXPECT_FALSE(side("silent.tif"));
  EXPECT_FALSE(side("paper.tif"));
}

TEST(Slide, AnOverviewShowsTheWhole) {
  const test::TemporaryFolder folder;
  write_slide(folder / "scan.tif", image::made::smooth(400, 200));
  const auto slide = Slide::open(folder / "scan.tif", kPlenty);
  ASSERT_OK(slide);
  const auto overview = slide->overview(150);
  ASSERT_OK(overview);
  EXPECT_EQ(overview->width_px, 150);
  EXPECT_EQ(overview->height_px, 75);
  const auto expected =
      image::resize(image::made::smooth(400, 200), 150, 75, image::Interpolation::area);
  EXPECT_LE(image::made::largest_difference(*overview, expected), 6);
}

TEST(Slide, ALargerOneThanTheLimitIsRefused) {
  const test::TemporaryFolder folder;
  write_slide(folder / "scan.tif", patterned(300, 200));
  const auto slide = Slide::open(folder / "scan.tif", 59'999);
  EXPECT_ERROR(slide, ErrorCode::limit_exceeded);
  EXPECT_NE(slide.error().message.find("300x200"), std::string::npos);
}

// A four-byte entry of the first directory, changed in place (libtiff writes this machine's order).
Bytes with_tag(Bytes tiff, std::uint16_t tag, std::uint32_t value) {
  const auto word = [&](std::size_t at) {
    return static_cast<std::uint32_t>(tiff[at]) | static_cast<std::uint32_t>(tiff[at + 1]) << 8U;
  };
  const std::size_t directory = word(4) | word(6) << 16U;
  for (std::size_t i = 0; i < word(directory); ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (word(entry) != tag) continue;
    tiff[entry + 2] = std::byte{4};  // LONG
    tiff[entry + 3] = std::byte{0};
    for (std::size_t b = 0; b < 4; ++b) {
      tiff[entry + 8 + b] = static_cast<std::byte>(value >> 8 * b & 0xFFU);
    }
  }
  return tiff;
}

TEST(DamagedSlides, AbsurdSizesAreRefusedOrAreNoSlide) {
  const test::TemporaryFolder folder;
  write_slide(folder / "scan.tif", patterned(300, 200));
  const auto whole = read_file(folder / "scan.tif", 1 << 24).value();
  for (const std::uint32_t side : {0U, 100'000U, 0x7FFF'FFFFU, 0xFFFF'FFFFU}) {
    auto absurd = with_tag(with_tag(whole, 256, side), 257, side);
    ASSERT_OK(write_file(folder / "absurd.tif", absurd));
    const auto slide = Slide::open(folder / "absurd.tif", kPlenty);
    ASSERT_FALSE(slide) << side;
    EXPECT_EQ(slide.error().path, (folder / "absurd.tif").string());
  }
}

TEST(DamagedSlides, ACutFileIsRefusedOrSaysSoWhenItIsRead) {
  const test::TemporaryFolder folder;
  write_slide(folder / "scan.tif", patterned(300, 200));
  const auto whole = read_file(folder / "scan.tif", 1 << 24).value();
  for (std::size_t part = 0; part < 20; ++part) {
    const auto cut = std::span(whole).first(whole.size() * part / 20);
    ASSERT_OK(write_file(folder / "cut.tif", cut));
    const auto slide = Slide::open(folder / "cut.tif", kPlenty);
    if (!slide) continue;
    EXPECT_ERROR(slide->read({0, 0, 300, 200}), ErrorCode::malformed);
  }
}

TEST(DamagedSlides, ATileThatIsNotThereIsAnErrorAndNotWhite) {
  const test::TemporaryFolder folder;
  write_slide(folder / "scan.tif", patterned(64, 64), {.levels = 2});
  const auto whole = read_file(folder / "scan.tif", 1 << 24).value();
  // With one tile its place stands in the entry itself.
  ASSERT_OK(write_file(folder / "gone.tif", with_tag(whole, 324, 0x7000'0000)));
  const auto slide = Slide::open(folder / "gone.tif", kPlenty);
  ASSERT_OK(slide);
  const auto read = slide->read({0, 0, 64, 64});
  EXPECT_ERROR(read, ErrorCode::malformed);
}

TEST(DamagedSlides, NoSlideSaysWhatToDo) {
  const test::TemporaryFolder folder;
  ASSERT_OK(write_text(folder / "text.svs", "no slide"));
  EXPECT_ERROR(Slide::open(folder / "text.svs", kPlenty), ErrorCode::unsupported);
  EXPECT_FALSE(Slide::open(folder / "none.svs", kPlenty));
}

}  // namespace
}  // namespace bloodcell::slide
