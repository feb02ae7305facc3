#include <bloodcell/tune/importance.hpp>

#include <bloodcell/test/support.hpp>

#include "studies.hpp"

namespace bloodcell::tune {
namespace {

TEST(Importance, PutsTheParameterThatDecidesFirst) {
  const auto storage = memory_storage();
  Study study = Study::open(*storage, "study", test::kMinimize, sobol_sampler(1)).value();
  const auto objective = [](Trial& trial) -> Result<Outcome> {
    BC_ASSIGN(const double idle, trial.suggest_float("idle", {0, 1, false, std::nullopt}));
    BC_ASSIGN(const double rate, trial.suggest_float("rate", {1e-5, 1e-1, true, std::nullopt}));
    return Outcome{TrialState::complete, {std::abs(std::log10(rate) + 3) + 0.01 * idle}, {}};
  };
  ASSERT_OK(optimize(study, objective, {.trials = 100}));
  const auto found = importances(study.look().value());
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].name, "rate");
  EXPECT_GT(found[0].share, 0.75);
  EXPECT_NEAR(found[0].share + found[1].share, 1, 1e-12);
}

TEST(Importance, IsPearsonsDivergenceOfTwoHistograms) {
  // Twenty trials, ten of each choice; the best two are both `true`.
  std::vector<TrialRecord> trials;
  for (int i = 0; i < 20; ++i) {
    TrialRecord trial = test::complete(i, i);
    trial.parameters = {{"a", i % 2 == 0 ? 1.0 : 0.0, Categories{{Value{false}, Value{true}}}},
                        {"b", i < 10 ? 1.0 : 0.0, Categories{{Value{false}, Value{true}}}}};
    trials.push_back(trial);
  }
  // a: best one of each -> (1.5, 1.5) / 3 against (10.5, 10.5) / 21: 0. b: (0.5, 2.5) / 3: all of
  // it.
  const auto found = importances(test::view_of(trials));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].name, "b");
  EXPECT_EQ(found[0].share, 1);
  EXPECT_EQ(found[1].share, 0);
}

TEST(Importance, SaysNothingOfTooFewTrials) {
  EXPECT_TRUE(importances(test::view_of({test::complete(0, 1, {{"x", 0.5}})})).empty());
}

TEST(ShareOfRange, IsTakenInTheScaleOfTheRange) {
  EXPECT_NEAR(share_of_range({"x", 1e-3, FloatRange{1e-5, 1e-1, true, std::nullopt}}), 0.5, 1e-12);
  EXPECT_EQ(share_of_range({"c", 2, Categories{{Value{}, Value{true}, Value{false}}}}), 1);
}

}  // namespace
}  // namespace bloodcell::tune
