#include <bloodcell/image/draw.hpp>

#include <algorithm>

#include <bloodcell/test/support.hpp>

namespace bloodcell::image {
namespace {

constexpr Colour kWhite{255, 255, 255};
constexpr Colour kRed{255, 0, 0};

TEST(Draw, ThumbnailKeepsTheShape) {
  const auto wide = thumbnail(blank(300, 100, kRed), 60, 60);
  EXPECT_EQ(wide.width_px, 60);
  EXPECT_EQ(wide.height_px, 20);
  EXPECT_EQ(thumbnail(blank(1000, 1, kRed), 10, 10).height_px, 1);
}

TEST(Draw, PasteLeavesOutWhatLiesOutside) {
  auto ground = blank(4, 4, kWhite);
  paste(ground, blank(3, 3, kRed), -2, 3);
  EXPECT_EQ(ground.at(0, 3)[1], 0);
  EXPECT_EQ(std::count(ground.rgb.begin(), ground.rgb.end(), 0), 2);
  paste(ground, blank(3, 3, kRed), 10, 10);
  EXPECT_EQ(std::count(ground.rgb.begin(), ground.rgb.end(), 0), 2);
}

TEST(Draw, TextStandsOnItsLineInItsHeight) {
  auto ground = blank(60, 40, kWhite);
  draw_text(ground, "H", 5, 30, 16, {0, 0, 0});
  int top = 40;
  int bottom = 0;
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 60; ++x) {
      if (ground.at(x, y)[0] > 128) continue;
      top = std::min(top, y);
      bottom = std::max(bottom, y);
    }
  }
  EXPECT_NEAR(bottom, 30, 1);
  EXPECT_NEAR(bottom - top, 16, 2);
}

TEST(Draw, TextOutsideThePictureIsLeftOut) {
  auto ground = blank(10, 10, kWhite);
  draw_text(ground, "far away", 500, -500, 16, {0, 0, 0});
  EXPECT_EQ(ground, blank(10, 10, kWhite));
}

TEST(Draw, AnotherLetterThanAsciiIsOneQuestionMark) { EXPECT_EQ(drawable("a\xC3\xA9\n"), "a??"); }

TEST(Draw, ShorteningKeepsBothEndsAndFits) {
  const auto shown = shortened_to("a_very_long_name_of_a_file_0012.jpeg", 100, 8);
  EXPECT_LE(text_width_px(shown, 8), 100);
  EXPECT_THAT(shown, testing::StartsWith("a_"));
  EXPECT_THAT(shown, testing::EndsWith("0012.jpeg"));
  EXPECT_EQ(shortened_to("short", 100, 8), "short");
}

}  // namespace
}  // namespace bloodcell::image
