#include <bloodcell/tune/pruner.hpp>

#include <limits>

#include <bloodcell/test/support.hpp>

#include "studies.hpp"

namespace bloodcell::tune {
namespace {

using test::running;
using test::view_of;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Complete trials with these values at steps 0, 1, 2, …
std::vector<TrialRecord> finished(const std::vector<std::vector<double>>& curves) {
  std::vector<TrialRecord> trials;
  for (const auto& curve : curves) {
    TrialRecord trial = test::complete(static_cast<int>(trials.size()), curve.back());
    for (std::size_t step = 0; step < curve.size(); ++step)
      trial.reports[static_cast<int>(step)] = curve[step];
    trials.push_back(trial);
  }
  return trials;
}

const std::vector<std::vector<double>> kFive{{5, 1}, {5, 2}, {5, 3}, {5, 4}, {5, 5}};

TEST(MedianPruner, GivesUpBelowTheMedianOfTheSameStep) {
  const auto trials = finished(kFive);
  const auto pruner = percentile_pruner({}).value();
  EXPECT_TRUE(pruner->should_prune(view_of(trials), running(5, {{0, 9.0}, {1, 3.5}})));
  EXPECT_FALSE(pruner->should_prune(view_of(trials), running(5, {{0, 9.0}, {1, 3.0}})));
  // Its best report counts, not its last.
  EXPECT_FALSE(pruner->should_prune(view_of(trials), running(5, {{0, 2.0}, {1, 9.0}})));
  EXPECT_TRUE(pruner->should_prune(view_of(trials, test::kMaximize), running(5, {{1, 2.5}})));
  EXPECT_FALSE(pruner->should_prune(view_of(trials, test::kMaximize), running(5, {{1, 3.5}})));
}

TEST(MedianPruner, WaitsForTrialsAndSteps) {
  const auto trials = finished(kFive);
  const TrialRecord poor = running(5, {{1, 99.0}});
  EXPECT_FALSE(
      percentile_pruner({.startup_trials = 6}).value()->should_prune(view_of(trials), poor));
  EXPECT_FALSE(percentile_pruner({.warmup_steps = 2}).value()->should_prune(view_of(trials), poor));
  EXPECT_TRUE(percentile_pruner({.warmup_steps = 1}).value()->should_prune(view_of(trials), poor));
  EXPECT_FALSE(
      percentile_pruner({.least_reports = 6}).value()->should_prune(view_of(trials), poor));
  const auto pairs = percentile_pruner({.interval_steps = 2}).value();
  EXPECT_FALSE(pairs->should_prune(view_of(trials), running(5, {{0, 99.0}, {1, 99.0}})));
  EXPECT_TRUE(pairs->should_prune(view_of(trials), poor));  // the first report of steps 0 and 1
}

TEST(MedianPruner, GivesUpWhatIsNoNumberAndIgnoresOthersThatAreNone) {
  auto trials = finished(kFive);
  trials[0].reports[1] = kNaN;
  const auto pruner = percentile_pruner({}).value();
  EXPECT_TRUE(pruner->should_prune(view_of(trials), running(5, {{1, kNaN}})));
  EXPECT_FALSE(pruner->should_prune(view_of(trials), running(5, {{1, 3.5}})));  // median of 2 … 5
  EXPECT_FALSE(pruner->should_prune(view_of(trials), running(5)));
}

TEST(PercentilePruner, KeepsThatShareOfTheBest) {
  const auto trials = finished(kFive);
  const auto quarter = percentile_pruner({.percentile = 25}).value();
  EXPECT_FALSE(quarter->should_prune(view_of(trials), running(5, {{1, 2.0}})));
  EXPECT_TRUE(quarter->should_prune(view_of(trials), running(5, {{1, 2.1}})));
  EXPECT_ERROR(percentile_pruner({.percentile = 101}), ErrorCode::usage);
  EXPECT_ERROR(percentile_pruner({.interval_steps = 0}), ErrorCode::usage);
}

TEST(HalvingPruner, LetsOneOfFourGoOnAtEachRung) {
  // Rungs at steps 1, 4, 16. Of values 1 … 8 at step 1, the best 8 / 4 = 2 go on.
  std::vector<std::vector<double>> curves;
  for (int i = 1; i <= 7; ++i) curves.push_back({0, static_cast<double>(i)});
  const auto trials = finished(curves);
  const auto pruner = halving_pruner({.least_steps = 1}).value();
  EXPECT_FALSE(pruner->should_prune(view_of(trials), running(7, {{1, 1.5}})));
  EXPECT_TRUE(pruner->should_prune(view_of(trials), running(7, {{1, 2.5}})));
  // Between rungs none is judged; at step 4 it is the first to come.
  EXPECT_FALSE(pruner->should_prune(view_of(trials), running(7, {{1, 2.5}, {2, 9.0}})));
  EXPECT_FALSE(pruner->should_prune(view_of(trials), running(7, {{1, 2.5}, {4, 9.0}})));
  EXPECT_FALSE(pruner->should_prune(view_of(trials), running(7, {{0, 9.0}})));
}

TEST(HalvingPruner, JudgesAtTheFirstReportPastARungAndTakesItsLengthFromCompleteTrials) {
  const auto trials = finished({{0, 1, 1, 1}, {0, 2, 2, 2}});
  const auto pruner = halving_pruner({.least_steps = 2, .factor = 2}).value();
  EXPECT_TRUE(pruner->should_prune(view_of(trials), running(2, {{3, 1.5}})));
  EXPECT_TRUE(halving_pruner({}).value()->should_prune(view_of(trials), running(2, {{1, 1.5}})));
  EXPECT_FALSE(halving_pruner({}).value()->should_prune(view_of({}), running(0, {{1, 1.5}})));
  EXPECT_TRUE(halving_pruner({.least_steps = 1, .bootstrap = 3})
                  .value()
                  ->should_prune(view_of(trials), running(2, {{1, 0.5}})));
  EXPECT_ERROR(halving_pruner({.factor = 1}), ErrorCode::usage);
}

TEST(HyperbandPruner, DealsTrialsToBracketsByNameAndNumber) {
  // At most 9 steps, factor 3: brackets that begin at steps 1, 3 and 9 with shares 9, 5 and 3.
  const auto pruner = hyperband_pruner({.most_steps = 9}).value();
  std::vector<TrialRecord> trials;
  for (int i = 0; i < 300; ++i) {
    TrialRecord trial = test::complete(i, 0);
    for (int step = 0; step <= 9; ++step) trial.reports[step] = 0;
    trials.push_back(trial);
  }
  std::array<int, 3> brackets{};
  for (int i = 0; i < 300; ++i) {
    if (pruner->should_prune(view_of(trials), running(i, {{1, 9.0}}))) {
      ++brackets[0];
    } else if (pruner->should_prune(view_of(trials), running(i, {{3, 9.0}}))) {
      ++brackets[1];
    } else if (pruner->should_prune(view_of(trials), running(i, {{9, 9.0}}))) {
      ++brackets[2];
    }
  }
  EXPECT_EQ(brackets[0] + brackets[1] + brackets[2], 300);
  EXPECT_NEAR(brackets[0], 300 * 9 / 17, 30);
  EXPECT_NEAR(brackets[1], 300 * 5 / 17, 30);
  EXPECT_ERROR(hyperband_pruner({.least_steps = 0}), ErrorCode::usage);
}

TEST(SignedRankTest, AgreesWithSciPy) {
  // scipy.stats.wilcoxon(…, alternative="greater", zero_method="zsplit"), version 1.17.
  EXPECT_DOUBLE_EQ(signed_rank_p({1.1, 2.2, 3.3, 4.4, 5.5, -0.4}), 0.03125);
  EXPECT_NEAR(signed_rank_p({1, 1, 2, 3, 0, -1, 4}), 0.036917157580727986, 1e-15);  // "approx"
  std::vector<double> many;
  for (int i = 1; i <= 60; ++i) many.push_back(i - 20);
  EXPECT_NEAR(signed_rank_p(many), 5.552404935770653e-05, 1e-15);
  EXPECT_EQ(signed_rank_p({}), 1);
  EXPECT_EQ(signed_rank_p({0, 0}), 0.5);
}

TEST(WilcoxonPruner, ComparesTheFoldsThatBothHave) {
  const auto trials = finished({{1, 2, 3, 4, 5}, {2, 3, 4, 5, 6}});
  const auto pruner = wilcoxon_pruner({}).value();
  EXPECT_TRUE(
      pruner->should_prune(view_of(trials), running(2, {{0, 1.5}, {1, 2.6}, {2, 3.7}, {4, 6.0}})));
  EXPECT_FALSE(pruner->should_prune(view_of(trials), running(2, {{0, 1.5}, {1, 2.6}, {2, 3.7}})));
  EXPECT_FALSE(
      pruner->should_prune(view_of(trials), running(2, {{0, 0.5}, {1, 2.6}, {2, 2.7}, {4, 6.0}})));
  EXPECT_FALSE(
      pruner->should_prune(view_of(trials), running(2, {{0, 1.5}, {1, 2.6}, {2, kNaN}, {4, 6.0}})));
  EXPECT_ERROR(wilcoxon_pruner({.p = 0}), ErrorCode::usage);
}

TEST(PatientPruner, WaitsUntilTheTrialNoLongerImproves) {
  const auto trials = finished(kFive);
  const auto make = [](double least_change) {
    return patient_pruner(percentile_pruner({}).value(), 1, least_change).value();
  };
  EXPECT_TRUE(make(0)->should_prune(view_of(trials), running(5, {{0, 7.0}, {1, 8.0}, {2, 8.0}})) ==
              false);  // no other has a step 2
  const TrialRecord stuck = running(5, {{-2, 6.0}, {-1, 7.0}, {1, 8.0}});
  EXPECT_TRUE(make(0)->should_prune(view_of(trials), stuck));
  EXPECT_FALSE(make(2)->should_prune(view_of(trials), stuck));
  EXPECT_FALSE(
      make(0)->should_prune(view_of(trials), running(5, {{-2, 9.0}, {-1, 9.0}, {1, 8.0}})));
  EXPECT_ERROR(patient_pruner(no_pruner(), -1, 0), ErrorCode::usage);
}

TEST(NoPruner, NeverGivesUp) {
  EXPECT_FALSE(no_pruner()->should_prune(view_of({}), running(0, {{1, kNaN}})));
}

}  // namespace
}  // namespace bloodcell::tune
