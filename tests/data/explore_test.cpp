#include <bloodcell/data/explore.hpp>

#include <cmath>

#include <rapidcheck.h>

#include "small_sets.hpp"

namespace bloodcell::data {
namespace {

using ::testing::ElementsAre;

double at(const Look& look, Measure measure) { return look[static_cast<std::size_t>(measure)]; }

TEST(Look, OfOneColourHasItsMeansAndNoEdges) {
  image::Image picture(4, 4);
  for (std::size_t i = 0; i < picture.rgb.size(); i += 3) {
    picture.rgb[i] = 100;
    picture.rgb[i + 1] = 50;
    picture.rgb[i + 2] = 200;
  }
  const auto look = look_of(picture);
  EXPECT_NEAR(at(look, Measure::brightness), 82.05, 1e-9);  // 29.9 + 29.35 + 22.8
  EXPECT_DOUBLE_EQ(at(look, Measure::red), 100);
  EXPECT_DOUBLE_EQ(at(look, Measure::green), 50);
  EXPECT_DOUBLE_EQ(at(look, Measure::blue), 200);
  EXPECT_NEAR(at(look, Measure::sharpness), 0, 1e-9);
  EXPECT_DOUBLE_EQ(at(look, Measure::black_share), 0);
}

// One white pixel at (1, 1) of 4 × 3: the inner Laplacians are -1020 and 255, their mean -382.5,
// their variance 637.5².
TEST(Look, SharpnessIsTheVarianceOfTheLaplacian) {
  image::Image picture(4, 3);
  for (auto& value : picture.at(1, 1)) value = 255;
  EXPECT_NEAR(at(look_of(picture), Measure::sharpness), 637.5 * 637.5, 1e-6);
}

TEST(Look, BlackIsWhatStaysBelowTheLimitInAllChannels) {
  image::Image picture(2, 2);
  picture.at(0, 0)[0] = kBlackest;
  picture.at(1, 0)[2] = kBlackest + 1;
  EXPECT_DOUBLE_EQ(at(look_of(picture), Measure::black_share), 75);
}

TEST(Spread, OfFiveValuesIsWorkedByHand) {
  const auto spread = spread_of({5, 1, 4, 2, 3});
  EXPECT_EQ(spread.count, 5U);
  EXPECT_DOUBLE_EQ(spread.mean, 3);
  EXPECT_DOUBLE_EQ(spread.deviation, std::sqrt(2.5));
  EXPECT_DOUBLE_EQ(spread.minimum, 1);
  EXPECT_NEAR(spread.p05, 1.2, 1e-12);
  EXPECT_DOUBLE_EQ(spread.q1, 2);
  EXPECT_DOUBLE_EQ(spread.median, 3);
  EXPECT_DOUBLE_EQ(spread.q3, 4);
  EXPECT_NEAR(spread.p95, 4.8, 1e-12);
  EXPECT_DOUBLE_EQ(spread.maximum, 5);
}

TEST(Spread, OfNothingAndOfOneIsDefined) {
  EXPECT_EQ(spread_of({}).count, 0U);
  const auto one = spread_of({7});
  EXPECT_DOUBLE_EQ(one.median, 7);
  EXPECT_DOUBLE_EQ(one.deviation, 0);
}

TEST(Spread, IsOrderedForEverySample) {
  EXPECT_TRUE(rc::check([](const std::vector<short>& numbers) {
    RC_PRE(!numbers.empty());
    const auto s = spread_of({numbers.begin(), numbers.end()});
    RC_ASSERT(s.minimum <= s.p05 && s.p05 <= s.q1 && s.q1 <= s.median);
    RC_ASSERT(s.median <= s.q3 && s.q3 <= s.p95 && s.p95 <= s.maximum);
    RC_ASSERT(s.minimum <= s.mean + 1e-9 && s.mean <= s.maximum + 1e-9);
  }));
}

class ExploreSet : public testing::Test {
 protected:
  // Two classes of two readable pictures each; b/2 equals b/1, a/broken is none.
  void SetUp() override {
    write_picture(folder_ / "a/1.png", plain_picture(8, 6, 100));
    write_picture(folder_ / "a/2.png", plain_picture(8, 6, 201));
    write_picture(folder_ / "b/1.png", plain_picture(4, 4, 30));
    write_picture(folder_ / "b/2.png", plain_picture(4, 4, 30));
    ASSERT_OK(write_text(folder_ / "a/broken.png", "no picture"));
  }

  Exploration explored(unsigned threads, const std::optional<Split>& split = std::nullopt) {
    OwnContext own(threads);
    const auto dataset = open_dataset(own.get(), folder_.path());
    EXPECT_OK(dataset);
    auto told = explore(own.get(), *dataset, split);
    EXPECT_OK(told);
    return std::move(told).value();
  }

  test::TemporaryFolder folder_;
};

TEST_F(ExploreSet, CountsClassesSizesAndFaults) {
  const auto told = explored(1);
  EXPECT_EQ(told.images, 5U);
  EXPECT_FALSE(told.families_known);
  EXPECT_THAT(told.parts, ElementsAre("all"));
  ASSERT_EQ(told.counts.size(), 2U);
  EXPECT_EQ(told.counts[0].images, 3U);
  EXPECT_EQ(told.counts[1].images, 2U);
  ASSERT_EQ(told.sizes.size(), 2U);
  EXPECT_EQ(told.sizes[1].width_px, 8);
  ASSERT_EQ(told.unreadable.size(), 1U);
  EXPECT_THAT(told.unreadable[0].path, testing::EndsWith("a/broken.png"));
  ASSERT_EQ(told.doubles.size(), 1U);
  EXPECT_THAT(told.doubles[0].files, ElementsAre("b/1.png", "b/2.png"));
  EXPECT_TRUE(told.conflicts.empty());
}

TEST_F(ExploreSet, LeavesTheUnreadableOutOfFigures) {
  const auto told = explored(1);
  ASSERT_EQ(told.classes.size(), 2U);
  EXPECT_EQ(told.classes[0].images, 2U);
  EXPECT_NEAR(told.classes[0].spreads[0].mean, 150.5, 1e-9);
  EXPECT_NEAR(told.classes[1].spreads[0].mean, 30, 1e-9);
  EXPECT_EQ(told.cells[0].examples.size(), 2U);
  EXPECT_EQ(told.cells[0].mean.rgb[0], 151);  // 150.5 rounded up
}

TEST_F(ExploreSet, IsTheSameForAnyNumberOfThreads) {
  const auto one = explored(1);
  const auto four = explored(4);
  EXPECT_EQ(one.cells[0].mean, four.cells[0].mean);
  EXPECT_EQ(one.classes[0].spreads[4].mean, four.classes[0].spreads[4].mean);
  ASSERT_EQ(one.cells[0].examples.size(), four.cells[0].examples.size());
  EXPECT_EQ(one.cells[0].examples[0].file, four.cells[0].examples[0].file);
}

TEST_F(ExploreSet, TakesPartsFromASplit) {
  Split split;
  split.has_families = true;
  split.entries = {{"a/1.png", "a", "f", "", "test"}, {"b/1.png", "b", "f", "", "train"}};
  const auto told = explored(1, split);
  EXPECT_THAT(told.parts, ElementsAre("train", "test", std::string(kOutside)));
  EXPECT_TRUE(told.families_known);
  ASSERT_EQ(told.conflicts.size(), 1U);
  EXPECT_THAT(told.conflicts[0].labels, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace bloodcell::data
