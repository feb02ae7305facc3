#include <bloodcell/metrics/groups.hpp>

#include <bloodcell/test/support.hpp>

namespace bloodcell::metrics {
namespace {

using ::testing::ElementsAre;

Prediction row(const std::string& file, const std::string& family, int truth, double p_of_second,
               const std::string& source = {}) {
  return {file, family, truth, {1 - p_of_second, p_of_second}, source};
}

const PredictionTable kTable{
    {"a", "b"},
    {row("1", "f1", 0, 0.1, "x"), row("2", "f1", 0, 0.9, "x"), row("3", "f2", 1, 0.8, "y"),
     row("4", "f3", 1, 0.2, "y"), row("5", "f3", 1, 0.3, "y")}};

TEST(Groups, EachSourceHasItsFigures) {
  const auto sources = figures_by_source(kTable, 1, 100);
  ASSERT_EQ(sources.size(), 2U);
  EXPECT_EQ(sources[0].source, "x");
  EXPECT_EQ(sources[0].accuracy.right, 1U);
  EXPECT_EQ(sources[0].accuracy.of, 2U);
  EXPECT_EQ(sources[1].families, 2U);
  EXPECT_NEAR(sources[1].accuracy.value, 1.0 / 3, 1e-12);
}

TEST(Groups, TheWorstFamilyComesFirst) {
  const auto families = figures_by_family(kTable);
  ASSERT_EQ(families.size(), 3U);
  EXPECT_EQ(families[0].family, "f3");
  EXPECT_EQ(families[0].right, 0U);
  EXPECT_THAT(families[0].rows, ElementsAre(3, 4));
  EXPECT_EQ(families[1].family, "f1");
  EXPECT_EQ(families[1].by_mean, 0);  // the first of equal means
}

TEST(Groups, MistakesAreOneAFamilyMostConfidentFirst) {
  EXPECT_THAT(confident_mistakes(kTable), ElementsAre(1, 3));
}

TEST(McNemar, IsTheBinomialTestOfThePairsThatDiffer) {
  // 2 · P(X ≥ 8 of 10) = 2 · 56 / 1024.
  EXPECT_NEAR(mcnemar_p(8, 2), 112.0 / 1024, 1e-12);
  EXPECT_NEAR(mcnemar_p(2, 8), 112.0 / 1024, 1e-12);
  EXPECT_EQ(mcnemar_p(0, 0), 1);
  EXPECT_EQ(mcnemar_p(3, 3), 1);
}

TEST(Comparison, MatchesFilesWhateverTheOrderOfRowsAndLabels) {
  PredictionTable reference{{"b", "a"}, {}};
  for (auto it = kTable.rows.rbegin(); it != kTable.rows.rend(); ++it) {
    reference.rows.push_back(
        {it->file, "other", 0, {it->truth == 1 ? 0.9 : 0.1, it->truth == 1 ? 0.1 : 0.9}});
  }
  reference.rows.push_back({"elsewhere", "other", 0, {1, 0}});
  const auto compared = compare(kTable, reference, 1, 200);
  ASSERT_OK(compared);
  EXPECT_EQ(compared->rows, 5U);
  EXPECT_EQ(compared->families, 3U);
  EXPECT_NEAR(compared->accuracy, 0.4, 1e-12);
  EXPECT_EQ(compared->reference_accuracy, 1);
  EXPECT_EQ(compared->only_this, 0U);
  EXPECT_EQ(compared->only_reference, 1U);
  EXPECT_LE(compared->difference.low, -0.6);
  EXPECT_GE(compared->difference.high, -0.6);
}

TEST(Comparison, NeedsTheSameClassesAndSharedFiles) {
  EXPECT_ERROR(compare(kTable, {{"a", "c"}, {}}, 1), ErrorCode::mismatch);
  EXPECT_ERROR(compare(kTable, {{"a", "b"}, {row("9", "f", 0, 0)}}, 1), ErrorCode::mismatch);
}

TEST(Predictions, KeepTheirSourceInCsv) {
  const auto again = predictions_from_csv(to_csv(kTable));
  ASSERT_OK(again);
  EXPECT_EQ(again->labels, kTable.labels);
  EXPECT_EQ(again->rows[2].source, "y");
  EXPECT_NEAR(again->rows[2].probabilities[1], 0.8, 1e-9);
}

}  // namespace
}  // namespace bloodcell::metrics
