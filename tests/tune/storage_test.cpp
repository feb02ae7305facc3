// What every storage must do, in memory, in a file and on a server.
#include <bloodcell/tune/storage.hpp>

#include <functional>
#include <limits>

#include <bloodcell/test/support.hpp>
#include <bloodcell/tune/database_storage.hpp>

#include "postgres_server.hpp"
#include "studies.hpp"

namespace bloodcell::tune {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

enum class Place { memory, file, server };

class AnyStorage : public testing::TestWithParam<Place> {
 protected:
  void SetUp() override {
    if (GetParam() == Place::memory) storage_ = memory_storage();
    if (GetParam() == Place::file) storage_ = sqlite_storage(folder_ / "study.db").value();
    if (GetParam() == Place::server) {
      server_ = test::PostgresServer::start();
      if (!server_) GTEST_SKIP() << "no PostgreSQL server here: apt-get install postgresql";
      storage_ = postgres_storage(server_->url()).value();
    }
    study_ = storage_->create_study("study", test::kMaximize).value().id;
  }
  TrialRecord only_trial() {
    std::vector<TrialRecord> known;
    EXPECT_OK(storage_->refresh(study_, known));
    EXPECT_EQ(known.size(), 1U);
    return known.at(0);
  }

  bloodcell::test::TemporaryFolder folder_;
  std::unique_ptr<test::PostgresServer> server_;
  std::unique_ptr<Storage> storage_;
  std::int64_t study_ = 0;
};

// Everything that can be told of a trial at once.
TrialRecord full_trial() {
  TrialRecord trial;
  trial.state = TrialState::pruned;
  trial.values = {-kInfinity};
  trial.parameters = {{"rate", 6.15e-5, FloatRange{1e-5, 1e-2, true, std::nullopt}},
                      {"units", 247, IntRange{128, 256, false, 1}},
                      {"dropout", 1, Categories{{Value{0.5}, Value{}}}}};
  trial.reports = {{0, std::numeric_limits<double>::quiet_NaN()}, {1, kInfinity}, {7, 0.125}};
  trial.user_attributes = {{"run", R"({"folder": "runs/ü", "n": [1, NaN]})"}};
  trial.system_attributes = {{"constraints:ms", "-Infinity"}, {"fixed_params", R"({"x": 1})"}};
  trial.started = Time(std::chrono::microseconds(1'716'000'000'123'456));
  trial.completed = Time(std::chrono::microseconds(1'716'000'100'000'001));
  return trial;
}

TEST_P(AnyStorage, GivesBackEveryPartOfATrial) {
  const TrialRecord told = full_trial();
  ASSERT_OK(storage_->add_trial(study_, told));
  const TrialRecord kept = only_trial();
  EXPECT_EQ(kept.number, 0);
  EXPECT_EQ(kept.state, told.state);
  EXPECT_EQ(kept.values, told.values);
  ASSERT_EQ(kept.parameters.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(kept.parameters[i].name, told.parameters[i].name);
    EXPECT_EQ(kept.parameters[i].inner, told.parameters[i].inner);
    EXPECT_EQ(kept.parameters[i].distribution, told.parameters[i].distribution);
  }
  ASSERT_EQ(kept.reports.size(), 3U);
  EXPECT_TRUE(std::isnan(kept.reports.at(0)));
  EXPECT_EQ(kept.reports.at(1), kInfinity);
  EXPECT_EQ(kept.reports.at(7), 0.125);
  EXPECT_EQ(kept.user_attributes, told.user_attributes);
  EXPECT_EQ(kept.system_attributes, told.system_attributes);
  EXPECT_EQ(kept.constraints.at("ms"), -kInfinity);
  EXPECT_EQ(kept.started, told.started);
  EXPECT_EQ(kept.completed, told.completed);
}

TEST_P(AnyStorage, ChangesARunningTrialAndNoFinishedOne) {
  const auto trial = storage_->add_trial(study_, {}).value();
  const Parameter parameter{"x", 0.5, FloatRange{}};
  ASSERT_OK(storage_->set_parameter(trial.id, parameter));
  ASSERT_OK(storage_->set_report(trial.id, 3, 1));
  ASSERT_OK(storage_->set_report(trial.id, 3, 2));
  ASSERT_OK(storage_->set_attribute(trial.id, AttributeKind::user, "a", "1"));
  ASSERT_OK(storage_->set_attribute(trial.id, AttributeKind::user, "a", "2"));
  ASSERT_OK(storage_->finish(trial.id, TrialState::complete, {0.25}));
  const TrialRecord kept = only_trial();
  EXPECT_EQ(kept.reports.at(3), 2);
  EXPECT_EQ(kept.user_attributes.at("a"), "2");
  EXPECT_EQ(kept.values, std::vector<double>{0.25});
  EXPECT_TRUE(kept.completed.has_value());
  EXPECT_ERROR(storage_->set_parameter(trial.id, parameter), ErrorCode::usage);
  EXPECT_ERROR(storage_->set_report(trial.id, 4, 1), ErrorCode::usage);
  EXPECT_ERROR(storage_->finish(trial.id, TrialState::failed, {}), ErrorCode::usage);
}

TEST_P(AnyStorage, NumbersTheTrialsOfEachStudyFromZero) {
  const auto other = storage_->create_study("other", test::kMinimize).value().id;
  EXPECT_EQ(storage_->add_trial(study_, {}).value().number, 0);
  EXPECT_EQ(storage_->add_trial(other, {}).value().number, 0);
  EXPECT_EQ(storage_->add_trial(study_, {}).value().number, 1);
  const auto all = storage_->studies().value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].directions, test::kMaximize);
  EXPECT_EQ(all[1].name, "other");
  EXPECT_ERROR(storage_->create_study("other", test::kMinimize), ErrorCode::usage);
  EXPECT_ERROR(storage_->find_study("none"), ErrorCode::not_found);
}

TEST_P(AnyStorage, BringsWhatIsKnownUpToDate) {
  std::vector<TrialRecord> known;
  const auto first = storage_->add_trial(study_, {}).value();
  ASSERT_OK(storage_->refresh(study_, known));
  ASSERT_OK(storage_->finish(first.id, TrialState::complete, {1}));
  ASSERT_OK(storage_->add_trial(study_, {}));
  ASSERT_OK(storage_->refresh(study_, known));
  ASSERT_EQ(known.size(), 2U);
  EXPECT_EQ(known[0].state, TrialState::complete);
  EXPECT_EQ(known[1].state, TrialState::running);
}

TEST_P(AnyStorage, LetsOneWorkerClaimAWaitingTrial) {
  TrialRecord waiting;
  waiting.state = TrialState::waiting;
  const auto trial = storage_->add_trial(study_, waiting).value();
  EXPECT_TRUE(storage_->claim(trial.id).value());
  EXPECT_FALSE(storage_->claim(trial.id).value());
  EXPECT_TRUE(only_trial().started.has_value());
}

TEST_P(AnyStorage, TellsOfTrialsThatStoppedBeating) {
  const auto beating = storage_->add_trial(study_, {}).value();
  ASSERT_OK(storage_->add_trial(study_, {}));  // never gave a sign
  ASSERT_OK(storage_->beat(beating.id));
  ASSERT_OK(storage_->beat(beating.id));
  EXPECT_TRUE(storage_->stale_trials(study_, std::chrono::seconds(60)).value().empty());
  EXPECT_EQ(storage_->stale_trials(study_, std::chrono::seconds(-1)).value(),
            std::vector<std::int64_t>{beating.id});
  ASSERT_OK(storage_->finish(beating.id, TrialState::complete, {1}));
  EXPECT_TRUE(storage_->stale_trials(study_, std::chrono::seconds(-1)).value().empty());
}

TEST_P(AnyStorage, KeepsWhatIsSaidOfAStudy) {
  ASSERT_OK(storage_->set_study_attribute(study_, "data", "\"cells/\""));
  ASSERT_OK(storage_->set_study_attribute(study_, "data", "\"other/\""));
  EXPECT_EQ(storage_->find_study("study").value().user_attributes.at("data"), "\"other/\"");
}

INSTANTIATE_TEST_SUITE_P(Tune, AnyStorage,
                         testing::Values(Place::memory, Place::file, Place::server),
                         [](const auto& kind) {
                           if (kind.param == Place::memory) return "InMemory";
                           return kind.param == Place::file ? "InAFile" : "OnAServer";
                         });

}  // namespace
}  // namespace bloodcell::tune
