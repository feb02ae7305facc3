#include <bloodcell/locate/look.hpp>

#include <bloodcell/test/blob_locator.hpp>
#include <bloodcell/test/colour_model.hpp>

namespace bloodcell::locate {
namespace {

using image::Image;

// Its boxes are 20 px of the input: at a glance (64 px) they cover 0.31 of a square picture, in
// the whole input half as much.
Locator blobs() { return Locator::open(test::blob_locator(128)).value(); }

Image with_square(int picture_px, int square_px) {
  Image picture = test::flat(picture_px, picture_px, {230, 230, 230});
  const int from = (picture_px - square_px) / 2;
  test::draw_square(picture, from, from, square_px);
  return picture;
}

TEST(Look, AGlanceFindsWhatFillsThePicture) {
  const auto picture = with_square(128, 40);
  const auto glanced = blobs().glance(picture);
  const auto located = blobs().locate(picture);
  ASSERT_OK(glanced);
  ASSERT_OK(located);
  ASSERT_EQ(glanced->size(), 1U);
  EXPECT_NEAR(glanced->front().width, 40, 0.1);
  EXPECT_GT(smear::overlap_of(glanced->front(), {smear::Kind::white, 44, 44, 40, 40}), 0.4);
  ASSERT_FALSE(located->empty());
  EXPECT_NEAR(located->front().width, 20, 0.1);
}

// The blob's box is under four tenths of the picture at a glance, so the whole input decides.
TEST(Look, WhatIsNotSeenWellAtAGlanceIsLookedAtClosely) {
  const auto picture = with_square(128, 40);
  const auto seen = look(blobs(), picture);
  ASSERT_OK(seen);
  ASSERT_FALSE(seen->located.empty());
  EXPECT_NEAR(seen->located.front().width, 20, 0.1);
}

TEST(Look, AFieldIsLookedAtClosely) {
  Image field = test::flat(640, 480, {230, 230, 230});
  test::draw_square(field, 300, 200, 80);
  const auto seen = look(blobs(), field);
  const auto located = blobs().locate(field);
  ASSERT_OK(seen);
  ASSERT_OK(located);
  EXPECT_FALSE(seen->shown.is_one_cell);
  ASSERT_EQ(seen->located.size(), located->size());
  for (std::size_t i = 0; i < located->size(); ++i) {
    EXPECT_EQ(seen->located[i].x, (*located)[i].x);
    EXPECT_EQ(seen->located[i].width, (*located)[i].width);
  }
}

TEST(Look, ALargeCellIsTakenAsItWasGlancedAt) {
  const auto locator = Locator::open(test::blob_locator(128, 40)).value();
  const auto picture = with_square(128, 60);
  const auto seen = look(locator, picture);
  ASSERT_OK(seen);
  EXPECT_TRUE(seen->shown.is_one_cell);
  ASSERT_EQ(seen->shown.cells.size(), 1U);
  EXPECT_NEAR(seen->shown.cells[0].width, 80, 0.1);  // 40 of 64
}

}  // namespace
}  // namespace bloodcell::locate
