#include <bloodcell/metrics/conformal.hpp>

#include <cmath>

#include <bloodcell/base/random.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::metrics {
namespace {

using ::testing::ElementsAre;

const std::vector<double> kRow{0.2, 0.5, 0.05, 0.25};

TEST(Conformal, ScoresByHand) {
  EXPECT_NEAR(conformal_score(kRow, 3, {.score = ConformalScore::lac}), 0.75, 1e-12);
  EXPECT_NEAR(conformal_score(kRow, 3, {.score = ConformalScore::aps}), 0.75, 1e-12);
  EXPECT_NEAR(conformal_score(kRow, 0, {.score = ConformalScore::aps}), 0.95, 1e-12);
  // Third place, one beyond the two free ones.
  EXPECT_NEAR(conformal_score(kRow, 0, {.score = ConformalScore::raps, .penalty = 0.1}), 1.05,
              1e-12);
}

TEST(Conformal, QuantileIsTheOneForFiniteSamples) {
  // ⌈10 · 0.9⌉ = 9: the largest of nine.
  EXPECT_EQ(conformal_quantile({9, 1, 8, 2, 7, 3, 6, 4, 5}, 0.9), 9);
  // ⌈10 · 0.5⌉ = 5.
  EXPECT_EQ(conformal_quantile({9, 1, 8, 2, 7, 3, 6, 4, 5}, 0.5), 5);
  EXPECT_FALSE(conformal_quantile({1, 2, 3, 4, 5, 6, 7, 8}, 0.9).has_value());
  EXPECT_FALSE(conformal_quantile({}, 0.5).has_value());
  EXPECT_TRUE(conformal_quantile(std::vector<double>(19, 0.0), 0.95).has_value());
}

TEST(Conformal, SetsHoldWhatFitsMostProbableFirst) {
  EXPECT_THAT(prediction_set(kRow, {.threshold = 0.8}), ElementsAre(1, 3, 0));
  EXPECT_THAT(prediction_set(kRow, {.threshold = 0.1}), ElementsAre(1));  // never empty
  EXPECT_THAT(prediction_set(kRow, {.score = ConformalScore::aps, .threshold = 0.75}),
              ElementsAre(1, 3));
  EXPECT_THAT(prediction_set(kRow, {.threshold = 1}), ElementsAre(1, 3, 0, 2));
}

TEST(Conformal, OneRowOfAFamilyCounts) {
  PredictionTable table{{"a", "b"}, {}};
  for (int i = 0; i < 19; ++i) {
    for (int copy = 0; copy < 5; ++copy) {
      table.rows.push_back({fmt::format("{}-{}", i, copy), std::to_string(i), 0, {0.9, 0.1}});
    }
  }
  const auto rule = fit_conformal(table, {.coverage = 0.95});
  ASSERT_TRUE(rule.has_value());
  EXPECT_EQ(rule->units, 19U);
  EXPECT_NEAR(rule->threshold, 0.1, 1e-12);
  table.rows.resize(18 * 5);
  EXPECT_FALSE(fit_conformal(table, {.coverage = 0.95}).has_value());
}

// A row's truth is drawn from a law that the probabilities only resemble.
PredictionTable drawn(std::uint64_t seed, int rows) {
  PredictionTable table{{"a", "b", "c", "d"}, {}};
  for (int i = 0; i < rows; ++i) {
    Random random(seed, stream_of("conformal"), static_cast<std::uint64_t>(i));
    std::vector<double> law(4);
    double sum = 0;
    for (double& value : law) sum += value = std::exp(2 * random.normal());
    Prediction row{std::to_string(i), std::to_string(i), 3, law};
    double point = random.uniform() * sum;
    for (int c = 3; c >= 0; --c) {
      point -= law[static_cast<std::size_t>(c)];
      if (point < 0) {
        row.truth = c;
        break;
      }
    }
    double sharp_sum = 0;
    for (double& value : row.probabilities) sharp_sum += value *= value;
    for (double& value : row.probabilities) value /= sharp_sum;
    table.rows.push_back(std::move(row));
  }
  return table;
}

TEST(Conformal, CoverageHoldsOnNewRowsThoughTheProbabilitiesLie) {
  for (const auto score : {ConformalScore::lac, ConformalScore::aps, ConformalScore::raps}) {
    const auto rule = fit_conformal(drawn(1, 2000), {.score = score, .coverage = 0.9});
    ASSERT_TRUE(rule.has_value());
    const auto figures = judge_sets(drawn(2, 4000), *rule);
    EXPECT_GT(figures.coverage.value, 0.88) << name_of(score);
    EXPECT_LT(figures.mean_size, 4) << name_of(score);
    if (score == ConformalScore::lac) {
      EXPECT_LT(figures.coverage.value, 0.92);
    }
  }
}

TEST(Conformal, FiguresOfSetsAddUp) {
  PredictionTable table{{"a", "b"}, {{"1", "1", 0, {0.9, 0.1}}, {"2", "2", 1, {0.55, 0.45}}}};
  const auto figures = judge_sets(table, {.threshold = 0.6});
  EXPECT_EQ(figures.coverage.right, 2U);
  EXPECT_EQ(figures.mean_size, 1.5);
  EXPECT_EQ(figures.single_share, 0.5);
  EXPECT_THAT(figures.by_size, ElementsAre(0, 1, 1));
}

}  // namespace
}  // namespace bloodcell::metrics
