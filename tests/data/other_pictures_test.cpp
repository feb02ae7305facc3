#include <bloodcell/data/other_pictures.hpp>

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bloodcell::data {
namespace {

TEST(OtherPictures, AreTheSameEachTimeAndDiffer) {
  std::set<std::vector<std::uint8_t>> seen;
  for (std::uint64_t index = 0; index < 12; ++index) {
    const auto picture = other_picture(1, index, 48);
    EXPECT_EQ(picture.width_px, 48);
    EXPECT_EQ(picture.height_px, 48);
    EXPECT_EQ(picture, other_picture(1, index, 48));
    EXPECT_NE(picture, other_picture(2, index, 48));
    seen.insert(picture.rgb);
  }
  EXPECT_EQ(seen.size(), 12U);
}

// Of any compiler: draws stand in statements of their own.
TEST(OtherPictures, AreTheSameEverywhere) {
  const auto picture = other_picture(1, 0, 16);
  const std::vector<std::uint8_t> first(picture.rgb.begin(), picture.rgb.begin() + 6);
  EXPECT_THAT(first, ::testing::ElementsAre(77, 77, 77, 181, 181, 181));
}

TEST(OtherPictures, ShowSomething) {
  for (std::uint64_t index = 0; index < 30; ++index) {
    const auto picture = other_picture(1, index, 64);
    const std::set<std::uint8_t> values(picture.rgb.begin(), picture.rgb.end());
    EXPECT_GT(values.size(), 2U) << index;
  }
}

TEST(OtherPictures, TakeTheSmallestSide) {
  for (std::uint64_t index = 0; index < 3; ++index) {
    EXPECT_EQ(other_picture(1, index, 8).rgb.size(), 192U);
  }
}

}  // namespace
}  // namespace bloodcell::data
