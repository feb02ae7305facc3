#include <map>
#include <string>

#include "small_sets.hpp"

namespace bloodcell::data {
namespace {

using ::testing::ElementsAre;

// The counts that the sample's README states.
TEST(KaggleSample, HoldsWhatItsReadmeSays) {
  const auto root = test::shared("data/kaggle-bccd");
  if (!root) GTEST_SKIP() << "no ../shared/data/kaggle-bccd";
  OwnContext own;
  const auto dataset = open_dataset(own.get(), *root);
  ASSERT_OK(dataset);
  EXPECT_THAT(dataset->labels, ElementsAre("eosinophil", "lymphocyte", "monocyte", "neutrophil"));
  EXPECT_TRUE(dataset->problems.empty());
  std::map<std::string, std::map<std::string, int>> counted;
  for (const auto& sample : dataset->samples) {
    ++counted[sample.part][dataset->labels[static_cast<std::size_t>(sample.label)]];
  }
  using Counts = std::map<std::string, int>;
  EXPECT_EQ(
      counted["TRAIN"],
      (Counts{{"eosinophil", 500}, {"lymphocyte", 500}, {"monocyte", 500}, {"neutrophil", 500}}));
  EXPECT_EQ(
      counted["TEST"],
      (Counts{{"eosinophil", 130}, {"lymphocyte", 130}, {"monocyte", 130}, {"neutrophil", 130}}));
  EXPECT_EQ(counted["TEST_SIMPLE"],
            (Counts{{"eosinophil", 13}, {"lymphocyte", 6}, {"monocyte", 4}, {"neutrophil", 48}}));
}

TEST(KaggleSample, ItsTwoPairsOfEqualFilesAreJoined) {
  const auto root = test::shared("data/kaggle-bccd/images");
  if (!root) GTEST_SKIP() << "no ../shared/data/kaggle-bccd";
  OwnContext own(2);
  const auto dataset = open_dataset(own.get(), *root);
  ASSERT_OK(dataset);
  const auto split = make_split(own.get(), *dataset, {});
  ASSERT_OK(split);
  int joined = 0;
  for (const auto& entry : split->entries) joined += entry.family != entry.file ? 1 : 0;
  EXPECT_EQ(joined, 2);
  EXPECT_TRUE(find_leaks(*split).empty());
  EXPECT_FALSE(split->has_families);
}

}  // namespace
}  // namespace bloodcell::data
