// Both ways with the real Optuna, where python3 has it (BLOODCELL_PYTHON names another python).
#include <cstdlib>

#include <bloodcell/test/program.hpp>
#include <bloodcell/test/support.hpp>
#include <bloodcell/tune/sqlite_storage.hpp>

#include "studies.hpp"

namespace bloodcell::tune {
namespace {

using bloodcell::test::Ran;

Ran python(std::vector<std::string> arguments) {
  const char* const named = std::getenv("BLOODCELL_PYTHON");
  return bloodcell::test::run_program(named != nullptr ? named : "/usr/bin/python3",
                                      std::move(arguments));
}

class SharedWithOptuna : public testing::Test {
 protected:
  void SetUp() override {
    const auto* const has_it =
        "import optuna, sqlalchemy\n"
        "assert tuple(map(int, optuna.__version__.split('.')[:2])) >= (3, 2)";
    if (python({"-c", has_it}).status != 0) GTEST_SKIP() << "python3 has no Optuna of 3.2 or later";
  }
  Ran script(const std::string& what) {
    return python({(bloodcell::test::source_folder() / "tests/tune/optuna_exchange.py").string(),
                   what, file_});
  }
  bloodcell::test::TemporaryFolder folder_;
  std::string file_ = (folder_ / "study.db").string();
};

// Everything that a study can hold, the second layer's size only where there is one.
Result<Outcome> conditional(Trial& trial) {
  BC_ASSIGN(const double rate, trial.suggest_float("rate", {1e-5, 1e-2, true, std::nullopt}));
  BC_ASSIGN(const double smooth, trial.suggest_float("smooth", {0, 0.5, false, 0.1}));
  BC_ASSIGN(const auto layers, trial.suggest_int("layers", {1, 2, false, 1}));
  BC_ASSIGN(const auto batch, trial.suggest_int("batch", {4, 128, true, 1}));
  BC_ASSIGN(const auto dropout, trial.suggest_choice("dropout", {Value{0.5}, Value{}}));
  if (layers == 2) {
    BC_ASSIGN(const auto units, trial.suggest_int("units", {128, 256, false, 4}));
    BC_CHECK(trial.set_attribute("units", Value{units}));
  }
  BC_CHECK(trial.report(0, NAN));
  BC_CHECK(trial.report(1, trial.number() == 1 ? INFINITY : 0.5));
  BC_CHECK(trial.set_constraint("batch", static_cast<double>(batch) - 100));
  if (trial.number() % 5 == 3) return Outcome{TrialState::pruned, {}, {}};
  if (trial.number() % 5 == 4) return Outcome{TrialState::failed, {}, "out of memory"};
  if (trial.number() == 2) return Outcome{TrialState::complete, {INFINITY}, {}};
  const double layer_cost = layers == 1 && dropout == Value{} ? 0 : 1;
  return Outcome{TrialState::complete, {std::abs(std::log10(rate) + 4) + smooth + layer_cost}, {}};
}

Study open_study(Storage& storage) {
  return Study::open(storage, "ours", test::kMinimize, tpe_sampler({.seed = 9})).value();
}

TEST_F(SharedWithOptuna, OursIsOpenedContinuedAndComesBack) {
  const auto storage = sqlite_storage(file_).value();
  Study study = open_study(*storage);
  ASSERT_OK(optimize(study, conditional, {.trials = 15}));
  ASSERT_OK(study.enqueue({{"rate", Value{1e-4}}, {"dropout", Value{}}}));
  const Ran ran = script("continue");
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto view = study.look().value();
  ASSERT_EQ(view.trials.size(), 25U);
  EXPECT_EQ(view.trials[15].find("rate")->inner, 1e-4);  // Optuna ran what we had enqueued
  EXPECT_EQ(view.trials[15].find("dropout")->value(), Value{});
  EXPECT_EQ(view.trials[24].user_attributes.at("by"), "\"optuna\"");
  ASSERT_OK(optimize(study, conditional, {.trials = 5}));
  EXPECT_EQ(script("check").status, 0);
}

TEST_F(SharedWithOptuna, TheirsIsOpenedContinuedAndStillTheirs) {
  const Ran made = script("make");
  ASSERT_EQ(made.status, 0) << made.err;
  const auto storage = sqlite_storage(file_).value();
  Study study = open_study(*storage);
  const auto view = study.look().value();
  ASSERT_EQ(view.trials.size(), 16U);
  EXPECT_EQ(view.trials[2].values, std::vector<double>{INFINITY});
  EXPECT_TRUE(std::isnan(view.trials[0].reports.at(0)));
  EXPECT_EQ(view.trials[1].reports.at(1), INFINITY);
  EXPECT_EQ(view.trials[3].state, TrialState::pruned);
  EXPECT_EQ(view.trials[4].state, TrialState::failed);
  EXPECT_EQ(view.trials[15].state, TrialState::waiting);
  EXPECT_TRUE(view.trials[0].constraints.contains("batch"));
  ASSERT_OK(optimize(study, conditional, {.trials = 10}));
  const Ran checked = script("check");
  EXPECT_EQ(checked.status, 0) << checked.err;
}

TEST_F(SharedWithOptuna, TheSeedProjectsStudyIsMadeAgainAndOpened) {
  // docs/tuning.md tells of it: 14 trials, of which 9 complete, 1 pruned, 4 failed.
  const Ran made = script("seed");
  ASSERT_EQ(made.status, 0) << made.err;
  const auto storage = sqlite_storage(file_).value();
  Study study =
      Study::open(*storage, "BayesOpt_VGG16", test::kMaximize, tpe_sampler({.seed = 9})).value();
  const auto view = study.look().value();
  ASSERT_EQ(view.trials.size(), 14U);
  const TrialRecord* best = best_of(view);
  ASSERT_NE(best, nullptr);
  EXPECT_EQ(best->number, 6);
  EXPECT_EQ(best->values[0], 0.811);
  EXPECT_EQ(best->find("neurons_dense")->value(), Value{std::int64_t{247}});
  EXPECT_EQ(best->find("dropout_rate")->value(), Value{});
  EXPECT_OK(study.ask());
}

TEST_F(SharedWithOptuna, BothWorkAtOnce) {
  const auto storage = sqlite_storage(file_).value();
  Study study = open_study(*storage);
  bloodcell::test::Child theirs(
      std::getenv("BLOODCELL_PYTHON") != nullptr ? std::getenv("BLOODCELL_PYTHON")
                                                 : "/usr/bin/python3",
      {(bloodcell::test::source_folder() / "tests/tune/optuna_exchange.py").string(), "continue",
       file_});
  ASSERT_OK(optimize(study, conditional, {.trials = 20}));
  EXPECT_EQ(theirs.wait(), 0) << theirs.err();
  const auto view = study.look().value();
  EXPECT_EQ(view.trials.size(), 30U);
  for (std::size_t i = 0; i < view.trials.size(); ++i)
    EXPECT_EQ(view.trials[i].number, static_cast<int>(i));
}

}  // namespace
}  // namespace bloodcell::tune
