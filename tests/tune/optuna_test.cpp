// Both ways with the real Optuna, where python3 has it (BLOODCELL_PYTHON names another python).
#include <cstdlib>

#include <bloodcell/test/program.hpp>
#include <bloodcell/test/support.hpp>
#include <bloodcell/tune/database_storage.hpp>

#include "postgres_server.hpp"
#include "studies.hpp"

namespace bloodcell::tune {
namespace {

using bloodcell::test::Ran;

Ran python(std::vector<std::string> arguments) {
  const char* const named = std::getenv("BLOODCELL_PYTHON");
  return bloodcell::test::run_program(named != nullptr ? named : "/usr/bin/python3",
                                      std::move(arguments));
}

class SharedWithOptuna : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto* const has_it =
        "import optuna, sqlalchemy\n"
        "assert tuple(map(int, optuna.__version__.split('.')[:2])) >= (3, 2)";
    const auto* const has_old =
        "import optuna, sqlalchemy\n"
        "assert (3, 0) <= tuple(map(int, optuna.__version__.split('.')[:2])) <= (3, 1)";
    const bool is_old = std::string_view(GetParam()) == kOldFile;
    if (python({"-c", is_old ? has_old : has_it}).status != 0) {
      GTEST_SKIP() << "python3 has no Optuna of " << (is_old ? "3.0 or 3.1" : "3.2 or later");
    }
    if (std::string_view(GetParam()) == kFile || is_old) {
      named_ = (folder_ / "study.db").string();
      if (is_old) wanted_ = Revision::v3_0_0_d;
      theirs_ = "sqlite:///" + named_;
      return;
    }
    if (python({"-c", "import psycopg2"}).status != 0) GTEST_SKIP() << "python3 has no psycopg2";
    server_ = test::PostgresServer::start();
    if (!server_) GTEST_SKIP() << "no PostgreSQL server here: apt-get install postgresql";
    named_ = server_->url();
    theirs_ = theirs(named_);
  }
  // SQLAlchemy takes one driver or the other if none is named.
  static std::string theirs(const std::string& url) {
    return "postgresql+psycopg2" + url.substr(url.find("://"));
  }
  [[nodiscard]] std::vector<std::string> script_arguments(const std::string& what) const {
    return {(bloodcell::test::source_folder() / "tests/tune/optuna_exchange.py").string(), what,
            theirs_};
  }
  [[nodiscard]] Ran script(const std::string& what) const { return python(script_arguments(what)); }

  static constexpr const char* kFile = "InAFile";
  static constexpr const char* kOldFile = "InAFileOfDebians";
  bloodcell::test::TemporaryFolder folder_;
  std::unique_ptr<test::PostgresServer> server_;
  std::string named_;   // the storage as we name it
  std::string theirs_;  // and as Optuna does
  std::optional<Revision> wanted_;
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

TEST_P(SharedWithOptuna, OursIsOpenedContinuedAndComesBack) {
  const auto storage = open_storage(named_, wanted_).value();
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

TEST_P(SharedWithOptuna, TheirsIsOpenedContinuedAndStillTheirs) {
  const Ran made = script("make");
  ASSERT_EQ(made.status, 0) << made.err;
  const auto storage = open_storage(named_, wanted_).value();
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

TEST_P(SharedWithOptuna, TheSeedProjectsStudyIsMadeAgainAndOpened) {
  // docs/tuning.md tells of it: 14 trials, of which 9 complete, 1 pruned, 4 failed.
  const Ran made = script("seed");
  ASSERT_EQ(made.status, 0) << made.err;
  const auto storage = open_storage(named_, wanted_).value();
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

TEST_P(SharedWithOptuna, BothWorkAtOnce) {
  const auto storage = open_storage(named_, wanted_).value();
  Study study = open_study(*storage);
  bloodcell::test::Child theirs(std::getenv("BLOODCELL_PYTHON") != nullptr
                                    ? std::getenv("BLOODCELL_PYTHON")
                                    : "/usr/bin/python3",
                                script_arguments("continue"));
  ASSERT_OK(optimize(study, conditional, {.trials = 20}));
  EXPECT_EQ(theirs.wait(), 0) << theirs.err();
  const auto view = study.look().value();
  EXPECT_EQ(view.trials.size(), 30U);
  for (std::size_t i = 0; i < view.trials.size(); ++i)
    EXPECT_EQ(view.trials[i].number, static_cast<int>(i));
}

// All that describes the tables of a database.
std::string described(const std::string& url) {
  const auto database = database::open_postgres(url).value();
  std::string text;
  for (const char* sql :
       {"SELECT concat_ws(' ', table_name, column_name, udt_name, is_nullable, "
        "character_maximum_length, column_default) FROM information_schema.columns WHERE "
        "table_schema = 'public' ORDER BY 1",
        "SELECT concat_ws(' ', typname, enumlabel, enumsortorder) FROM pg_enum JOIN pg_type ON "
        "enumtypid = pg_type.oid ORDER BY typname, enumsortorder",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        "SELECT concat_ws(' ', conname, conrelid::regclass, pg_get_constraintdef(oid)) FROM "
        "pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1",
        "SELECT version_num FROM alembic_version", "SELECT schema_version FROM version_info"}) {
    auto row = database->prepare(sql).value();
    while (row.next().value()) text += row.text(0) + "\n";
  }
  return text;
}

TEST_P(SharedWithOptuna, OnAServerTheTablesAreTheSame) {
  if (!server_) GTEST_SKIP() << "SQLite keeps the text of the statements";
  const auto database = database::open_postgres(server_->url()).value();
  ASSERT_OK(database->run("CREATE DATABASE theirs"));
  theirs_ = theirs(server_->url("theirs"));
  ASSERT_EQ(script("make").status, 0);
  ASSERT_OK(open_storage(named_, wanted_));
  EXPECT_EQ(described(server_->url()), described(theirs_));
}

INSTANTIATE_TEST_SUITE_P(Tune, SharedWithOptuna,
                         testing::Values("InAFile", "InAFileOfDebians", "OnAServer"),
                         [](const auto& kind) { return kind.param; });

}  // namespace
}  // namespace bloodcell::tune
