#include <bloodcell/tune/study.hpp>

#include <limits>

#include <bloodcell/test/support.hpp>

#include "studies.hpp"

namespace bloodcell::tune {
namespace {

using test::bowl;
using test::kMaximize;
using test::kMinimize;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

class OpenStudy : public testing::Test {
 protected:
  Study open(std::unique_ptr<Sampler> sampler = random_sampler(1),
             std::unique_ptr<Pruner> pruner = no_pruner()) {
    return Study::open(*storage_, "study", kMinimize, std::move(sampler), std::move(pruner))
        .value();
  }
  std::unique_ptr<Storage> storage_ = memory_storage();
};

TEST_F(OpenStudy, RecordsWhatATrialAskedForReportedAndCameTo) {
  Study study = open();
  auto trial = study.ask().value();
  const double rate = trial.suggest_float("rate", {1e-5, 1e-2, true, std::nullopt}).value();
  const auto units = trial.suggest_int("units", {128, 256, false, 1}).value();
  const Value dropout = trial.suggest_choice("dropout", {Value{0.5}, Value{}}).value();
  EXPECT_EQ(trial.suggest_float("rate", {1e-5, 1e-2, true, std::nullopt}).value(), rate);
  ASSERT_OK(trial.report(0, kNaN));
  ASSERT_OK(trial.report(1, 0.5));
  ASSERT_OK(trial.report(1, 0.7));  // the first one stays
  ASSERT_OK(trial.set_attribute("run", Value{std::string("runs/1")}));
  ASSERT_OK(study.tell(trial, {kInfinity}));
  const auto view = study.look().value();
  ASSERT_EQ(view.trials.size(), 1U);
  const TrialRecord& record = view.trials[0];
  EXPECT_EQ(record.state, TrialState::complete);
  EXPECT_EQ(record.values, std::vector<double>{kInfinity});
  ASSERT_EQ(record.parameters.size(), 3U);
  EXPECT_EQ(record.find("rate")->inner, rate);
  EXPECT_EQ(record.find("units")->value(), Value{units});
  EXPECT_EQ(record.find("dropout")->value(), dropout);
  EXPECT_TRUE(std::isnan(record.reports.at(0)));
  EXPECT_EQ(record.reports.at(1), 0.5);
  EXPECT_EQ(record.user_attributes.at("run"), "\"runs/1\"");
  EXPECT_TRUE(record.started && record.completed && *record.started <= *record.completed);
}

TEST_F(OpenStudy, RefusesWhatMakesNoSense) {
  Study study = open();
  auto trial = study.ask().value();
  EXPECT_ERROR(trial.suggest_float("x", {2, 1, false, std::nullopt}), ErrorCode::usage);
  ASSERT_OK(trial.suggest_float("x", {0, 1, false, std::nullopt}));
  EXPECT_ERROR(trial.suggest_int("x", {0, 1, false, 1}), ErrorCode::mismatch);
  auto next = study.ask().value();
  EXPECT_ERROR(next.suggest_float("x", {0.5, 1, true, std::nullopt}), ErrorCode::mismatch);
  EXPECT_ERROR(trial.report(-1, 0), ErrorCode::usage);
  EXPECT_ERROR(trial.set_constraint("size", kNaN), ErrorCode::usage);
  EXPECT_ERROR(study.tell(trial, {1, 2}), ErrorCode::usage);
  EXPECT_ERROR(study.tell(trial, {kNaN}), ErrorCode::usage);
  ASSERT_OK(study.tell(trial, {1}));
  EXPECT_ERROR(study.tell(trial, {1}), ErrorCode::usage);
  EXPECT_ERROR(Study::open(*storage_, "study", kMaximize, random_sampler(1)), ErrorCode::mismatch);
  EXPECT_ERROR(Study::open(*storage_, "new", {}, random_sampler(1)), ErrorCode::usage);
}

TEST_F(OpenStudy, TriesEnqueuedValuesFirstAndSamplesTheRest) {
  Study study = open();
  ASSERT_OK(study.enqueue({{"x", Value{0.25}}}));
  auto trial = study.ask().value();
  EXPECT_EQ(trial.number(), 0);
  EXPECT_EQ(trial.suggest_float("x", {0, 1, false, std::nullopt}).value(), 0.25);
  ASSERT_OK(trial.suggest_float("y", {0, 1, false, std::nullopt}));
  EXPECT_EQ(study.ask().value().number(), 1);
  ASSERT_OK(study.enqueue({{"x", Value{7.0}}}));
  auto outside = study.ask().value();
  EXPECT_ERROR(outside.suggest_float("x", {0, 1, false, std::nullopt}), ErrorCode::usage);
}

TEST_F(OpenStudy, GivesAWaitingTrialToOneOfItsWorkersOnly) {
  Study first = open();
  Study second = open();
  ASSERT_OK(first.enqueue({{"x", Value{0.5}}}));
  EXPECT_EQ(first.ask().value().number(), 0);
  EXPECT_EQ(second.ask().value().number(), 1);
}

TEST_F(OpenStudy, FindsTheMinimumOfABowl) {
  for (const bool multivariate : {false, true}) {
    storage_ = memory_storage();
    TpeOptions options;
    options.multivariate = multivariate;
    Study study = open(tpe_sampler(options));
    ASSERT_EQ(optimize(study, bowl, {.trials = 60}).value(), 60);
    EXPECT_LT(best_of(study.look().value())->values[0], 0.01) << multivariate;
  }
}

TEST_F(OpenStudy, GoesOnAsItWouldHaveWithoutAStop) {
  Study whole = Study::open(*storage_, "whole", kMinimize, tpe_sampler({})).value();
  ASSERT_OK(optimize(whole, bowl, {.trials = 40}));
  for (int part = 0; part < 4; ++part) {
    Study again = Study::open(*storage_, "parts", kMinimize, tpe_sampler({})).value();
    ASSERT_OK(optimize(again, bowl, {.trials = 10}));
  }
  Study parts = Study::open(*storage_, "parts", kMinimize, tpe_sampler({})).value();
  const auto a = whole.look().value();
  const auto b = parts.look().value();
  ASSERT_EQ(a.trials.size(), b.trials.size());
  for (std::size_t i = 0; i < a.trials.size(); ++i) {
    EXPECT_EQ(a.trials[i].values, b.trials[i].values) << i;
  }
}

TEST_F(OpenStudy, PrunesAndKeepsTheLastReportAsValue) {
  Study study = open(random_sampler(1), percentile_pruner({}).value());
  const auto objective = [](Trial& trial) -> Result<Outcome> {
    for (int step = 0; step < 3; ++step) {
      BC_CHECK(trial.report(step, trial.number()));
      BC_ASSIGN(const bool prune, trial.should_prune());
      if (prune) return Outcome{TrialState::pruned, {}, {}};
    }
    return Outcome{TrialState::complete, {static_cast<double>(trial.number())}, {}};
  };
  ASSERT_OK(optimize(study, objective, {.trials = 8}));
  const auto view = study.look().value();
  EXPECT_EQ(view.trials[4].state, TrialState::complete);
  EXPECT_EQ(view.trials[7].state, TrialState::pruned);
  EXPECT_EQ(view.trials[7].reports.size(), 1U);
  EXPECT_EQ(view.trials[7].values, std::vector<double>{7});
  EXPECT_EQ(best_of(view)->number, 0);
}

TEST_F(OpenStudy, KeepsTheReasonOfAFailureAndGoesOn) {
  Study study = open();
  const auto objective = [](Trial& trial) -> Result<Outcome> {
    if (trial.number() == 0) return Outcome{TrialState::failed, {}, "out of memory"};
    return bowl(trial);
  };
  ASSERT_EQ(optimize(study, objective, {.trials = 2}).value(), 2);
  const auto view = study.look().value();
  EXPECT_EQ(view.trials[0].state, TrialState::failed);
  EXPECT_EQ(view.trials[0].user_attributes.at("failure"), "\"out of memory\"");
  EXPECT_EQ(best_of(view)->number, 1);
  EXPECT_ERROR(
      optimize(study,
               [](Trial&) -> Result<Outcome> { return fail(ErrorCode::not_found, "no pictures"); },
               {.trials = 5}),
      ErrorCode::not_found);
  EXPECT_EQ(study.look().value().trials.size(), 3U);
}

TEST_F(OpenStudy, EndsWhenAskedTo) {
  Study study = open();
  Cancellation cancellation;
  cancellation.request();
  EXPECT_EQ(optimize(study, bowl, {.trials = 5, .cancellation = &cancellation}).value(), 0);
  OptimizeOptions until_third{.trials = 10};
  until_third.after_trial = [](const StudyView& view, const TrialRecord& trial) {
    EXPECT_EQ(trial.state, TrialState::complete);
    return view.trials.size() < 3;
  };
  EXPECT_EQ(optimize(study, bowl, until_third).value(), 3);
}

TEST_F(OpenStudy, EndsWhenTheGridIsThrough) {
  Study study = open(grid_sampler({{"x", {Value{0.0}, Value{0.5}, Value{1.0}}}}, 0).value());
  const auto objective = [](Trial& trial) -> Result<Outcome> {
    BC_ASSIGN(const double x, trial.suggest_float("x", {0, 1, false, std::nullopt}));
    return Outcome{TrialState::complete, {x}, {}};
  };
  EXPECT_EQ(optimize(study, objective, {.trials = 100}).value(), 3);
  EXPECT_EQ(best_of(study.look().value())->values[0], 0);
}

TEST_F(OpenStudy, LetsNoInfeasibleTrialBeTheBest) {
  Study study = open();
  const auto objective = [](Trial& trial) -> Result<Outcome> {
    BC_CHECK(trial.set_constraint("milliseconds", trial.number() == 0 ? 3 : -1));
    return Outcome{TrialState::complete, {static_cast<double>(trial.number())}, {}};
  };
  ASSERT_OK(optimize(study, objective, {.trials = 3}));
  EXPECT_EQ(best_of(study.look().value())->number, 1);
}

TEST_F(OpenStudy, FailsWhatStoppedBeatingAndAsksForItAgain) {
  Study study = open();
  ASSERT_OK(study.enqueue({{"y", Value{0.5}}}));
  auto lost = study.ask().value();
  const double x = lost.suggest_float("x", {0, 1, false, std::nullopt}).value();
  ASSERT_OK(lost.beat());
  EXPECT_TRUE(study.fail_stale(std::chrono::seconds(60), 2).value().empty());
  EXPECT_EQ(study.fail_stale(std::chrono::seconds(-1), 2).value(), std::vector<int>{0});
  auto again = study.ask().value();
  EXPECT_EQ(again.number(), 1);
  EXPECT_EQ(again.suggest_float("x", {0, 1, false, std::nullopt}).value(), x);
  EXPECT_EQ(again.suggest_float("y", {0, 1, false, std::nullopt}).value(), 0.5);
  EXPECT_EQ(again.record().system_attributes.at("failed_trial"), "0");
  EXPECT_EQ(again.record().system_attributes.at("retry_history"), "[0]");
  ASSERT_OK(again.beat());
  EXPECT_EQ(study.fail_stale(std::chrono::seconds(-1), 1).value(), std::vector<int>{1});
  EXPECT_EQ(study.ask().value().number(), 2);  // tried often enough: a new one
  EXPECT_EQ(study.look().value().trials.size(), 3U);
}

TEST_F(OpenStudy, HandsATrialOnWhenItsWorkerStops) {
  Study study = open();
  auto first = study.ask().value();
  const double x = first.suggest_float("x", {0, 1, false, std::nullopt}).value();
  ASSERT_OK(first.set_attribute("run", Value{std::string("trial-0000")}));
  ASSERT_OK(first.report(1, 0.5));
  ASSERT_OK(study.give_back(first));
  auto second = study.ask().value();
  EXPECT_EQ(second.number(), 1);
  EXPECT_EQ(second.suggest_float("x", {0, 1, false, std::nullopt}).value(), x);
  EXPECT_EQ(second.record().user_attributes.at("run"), "\"trial-0000\"");
  EXPECT_EQ(second.record().reports.at(1), 0.5);
  ASSERT_OK(study.give_back(second));
  EXPECT_EQ(study.ask().value().record().system_attributes.at("retry_history"), "[0,1]");
}

TEST(SeveralObjectives, HaveAFrontInsteadOfABest) {
  const auto storage = memory_storage();
  Study study =
      Study::open(*storage, "both", {Direction::maximize, Direction::minimize}, tpe_sampler({}))
          .value();
  // Accuracy rises with the width up to 0.6, latency always: the front is the widths up to 0.6.
  const auto objective = [](Trial& trial) -> Result<Outcome> {
    BC_ASSIGN(const double width, trial.suggest_float("width", {0, 1, false, std::nullopt}));
    return Outcome{TrialState::complete, {-std::pow(width - 0.6, 2), width}, {}};
  };
  ASSERT_OK(optimize(study, objective, {.trials = 60}));
  const auto view = study.look().value();
  EXPECT_EQ(best_of(view), nullptr);
  const auto front = front_of(view);
  EXPECT_GT(front.size(), 20U);
  int past = 0;
  for (const auto* trial : front) past += trial->parameters[0].inner > 0.65 ? 1 : 0;
  EXPECT_EQ(past, 0);
}

TEST(Better, PutsNaNLast) {
  EXPECT_TRUE(is_better(Direction::minimize, 1, kNaN));
  EXPECT_FALSE(is_better(Direction::minimize, kNaN, 1));
  EXPECT_TRUE(is_better(Direction::maximize, kInfinity, 1));
}

TEST(Constraints, AreReadInBothOfOptunasForms) {
  TrialRecord trial;
  trial.system_attributes = {
      {"constraints", "[0.5, -1]"}, {"constraints:size", "Infinity"}, {"other", "[1]"}};
  read_constraints(trial);
  EXPECT_EQ(trial.constraints,
            (std::map<std::string, double>{{"0", 0.5}, {"1", -1}, {"size", kInfinity}}));
  EXPECT_EQ(trial.violation(), kInfinity);
  TrialRecord broken;
  broken.system_attributes = {{"constraints", "{"}, {"constraints:x", "1x"}};
  read_constraints(broken);
  EXPECT_TRUE(broken.constraints.empty());
}

}  // namespace
}  // namespace bloodcell::tune
