#include <bloodcell/metrics/curves.hpp>

#include <rapidcheck.h>

#include <bloodcell/base/random.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::metrics {
namespace {

// Two classes; `scores` are of class 1.
PredictionTable binary(const std::vector<double>& scores, const std::vector<int>& truths) {
  PredictionTable table{{"no", "yes"}, {}};
  for (std::size_t i = 0; i < scores.size(); ++i) {
    table.rows.push_back(
        {std::to_string(i), std::to_string(i), truths[i], {1 - scores[i], scores[i]}});
  }
  return table;
}

// scikit-learn's own example: roc_auc_score and average_precision_score of these give 0.75 and
// 0.83.
const PredictionTable kPublished = binary({0.1, 0.4, 0.35, 0.8}, {0, 0, 1, 1});

TEST(Curves, RocOfThePublishedExample) {
  const auto curve = roc_of(kPublished, 1);
  ASSERT_EQ(curve.points.size(), 5U);
  EXPECT_EQ(curve.area, 0.75);
  EXPECT_EQ(curve.points[1].true_positive_rate, 0.5);
  EXPECT_EQ(curve.points[1].threshold, 0.8);
  EXPECT_EQ(curve.points[2].false_positive_rate, 0.5);
  EXPECT_EQ(curve.points[4].false_positive_rate, 1);
}

TEST(Curves, AveragePrecisionOfThePublishedExample) {
  const auto curve = precision_recall_of(kPublished, 1);
  ASSERT_TRUE(curve.average_precision.has_value());
  EXPECT_NEAR(*curve.average_precision, 0.5 * 1 + 0.5 * 2 / 3, 1e-12);
  EXPECT_EQ(curve.points.front().precision, 1);
  EXPECT_EQ(curve.points.back().precision, 0.5);
}

TEST(Curves, EqualScoresCountHalf) {
  // Pairs (positive, negative): won, won, tied, tied -> (2 + 2/2) / 4.
  EXPECT_EQ(roc_of(binary({0.9, 0.5, 0.5, 0.5}, {1, 1, 0, 0}), 1).area, 0.75);
  EXPECT_EQ(roc_of(binary({0.5, 0.5, 0.5}, {1, 0, 0}), 1).area, 0.5);
}

TEST(Curves, AreaIsTheShareOfPairsInTheRightOrder) {
  EXPECT_TRUE(rc::check([](std::uint64_t seed) {
    Random random(seed, stream_of("curves"), 0);
    std::vector<double> scores;
    std::vector<int> truths;
    for (int i = 0; i < 40; ++i) {
      scores.push_back(static_cast<double>(random.below(8)) / 8);
      truths.push_back(i < 2 ? i : static_cast<int>(random.below(2)));
    }
    double won = 0;
    double pairs = 0;
    for (std::size_t p = 0; p < scores.size(); ++p) {
      for (std::size_t n = 0; n < scores.size(); ++n) {
        if (truths[p] != 1 || truths[n] != 0) continue;
        won += scores[p] > scores[n] ? 1 : scores[p] == scores[n] ? 0.5 : 0;
        ++pairs;
      }
    }
    RC_ASSERT(std::abs(*roc_of(binary(scores, truths), 1).area - won / pairs) < 1e-12);
  }));
}

TEST(Curves, AClassWithoutRowsHasNoArea) {
  EXPECT_FALSE(roc_of(binary({0.2, 0.7}, {0, 0}), 1).area.has_value());
  EXPECT_FALSE(precision_recall_of(binary({0.2}, {0}), 1).average_precision.has_value());
  EXPECT_EQ(roc_of(binary({}, {}), 1).points.size(), 1U);
}

TEST(Curves, ReliabilityPutsEachImageInItsBin) {
  // Confidences 0.9, 0.95 (right), 0.6 (wrong), 1.
  const auto bins = reliability_of(binary({0.9, 0.05, 0.6, 1}, {1, 0, 0, 1}), 10);
  ASSERT_EQ(bins.size(), 10U);
  EXPECT_EQ(bins[6].images, 1U);
  EXPECT_EQ(bins[6].accuracy, 0);
  EXPECT_EQ(bins[9].images, 3U);
  EXPECT_NEAR(bins[9].mean_confidence, (0.9 + 0.95 + 1) / 3, 1e-12);
  EXPECT_EQ(bins[9].accuracy, 1);
  EXPECT_EQ(bins[0].images, 0U);
}

TEST(Curves, CoverageTakesTheMostConfidentFirst) {
  // By confidence: 0.95 right, 0.9 right, 0.8 wrong, 0.6 right.
  const auto table = binary({0.95, 0.1, 0.8, 0.6}, {1, 0, 0, 1});
  const auto curve = coverage_curve(table);
  ASSERT_EQ(curve.size(), 4U);
  EXPECT_EQ(curve[1].coverage, 0.5);
  EXPECT_EQ(curve[1].accuracy, 1);
  EXPECT_NEAR(curve[2].accuracy, 2.0 / 3, 1e-12);
  EXPECT_EQ(at_coverage(curve, 0.5)->threshold, 0.9);
  EXPECT_EQ(at_coverage(curve, 0.51)->coverage, 0.75);
  EXPECT_FALSE(at_coverage({}, 0.5).has_value());
  EXPECT_NEAR(area_under_risk(table), (0 + 0 + 1.0 / 3 + 1.0 / 4) / 4, 1e-12);
}

TEST(Curves, ThresholdsKeepThePrecisionAsked) {
  // Called yes: 0.9 right, 0.8 wrong, 0.7 right, 0.6 right; called no: 0.7 wrong.
  const auto table = binary({0.9, 0.8, 0.7, 0.6, 0.3}, {1, 0, 1, 1, 1});
  EXPECT_EQ(thresholds_for_precision(table, 0.75)[1], 0);
  EXPECT_EQ(thresholds_for_precision(table, 0.9)[1], 0.9);
  EXPECT_FALSE(thresholds_for_precision(table, 0.9)[0].has_value());
}

}  // namespace
}  // namespace bloodcell::metrics
