#include <bloodcell/tune/database_storage.hpp>

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include <bloodcell/base/files.hpp>
#include <bloodcell/test/support.hpp>

#include "studies.hpp"
#include "tables/values.hpp"

namespace bloodcell::tune {
namespace {

namespace fs = std::filesystem;
using bloodcell::test::TemporaryFolder;

Study open_study(Storage& storage) {
  return Study::open(storage, "study", test::kMinimize, tpe_sampler({.seed = 4})).value();
}

// Statements that another program would give.
void run_sql(const fs::path& path, const char* sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
}

// Runs `work` in another process; true when it said so.
template <class Work>
pid_t in_child(const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work() ? 0 : 1);
  return child;
}

bool ended_well(pid_t child) {
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(SqliteStorage, IsThereAgainWhenOpenedAgain) {
  TemporaryFolder folder;
  {
    const auto storage = sqlite_storage(folder / "a.db").value();
    Study study = open_study(*storage);
    ASSERT_OK(optimize(study, test::bowl, {.trials = 15}));
  }
  const auto storage = sqlite_storage(folder / "a.db").value();
  Study study = open_study(*storage);
  ASSERT_OK(optimize(study, test::bowl, {.trials = 15}));
  const auto memory = memory_storage();
  Study whole = open_study(*memory);
  ASSERT_OK(optimize(whole, test::bowl, {.trials = 30}));
  const auto kept = study.look().value();
  const auto expected = whole.look().value();
  ASSERT_EQ(kept.trials.size(), 30U);
  for (std::size_t i = 0; i < 30; ++i)
    EXPECT_EQ(kept.trials[i].values, expected.trials[i].values) << i;
}

TEST(SqliteStorage, LosesNothingToKillNine) {
  TemporaryFolder folder;
  const fs::path file = folder / "killed.db";
  {
    ASSERT_OK(sqlite_storage(file));
  }
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  const pid_t child = in_child([&] {
    const auto storage = sqlite_storage(file).value();
    Study study = open_study(*storage);
    auto trial = study.ask().value();
    const bool recorded = trial.suggest_float("x", {0, 1, false, std::nullopt}).has_value() &&
                          trial.report(2, 0.5).has_value() && trial.beat().has_value();
    const char said = recorded ? '1' : '0';
    static_cast<void>(!::write(told[1], &said, 1));
    ::pause();
    return false;
  });
  char said = 0;
  ASSERT_EQ(::read(told[0], &said, 1), 1);
  ASSERT_EQ(said, '1');
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const auto storage = sqlite_storage(file).value();
  Study study = open_study(*storage);
  const auto view = study.look().value();
  ASSERT_EQ(view.trials.size(), 1U);
  EXPECT_EQ(view.trials[0].state, TrialState::running);
  EXPECT_EQ(view.trials[0].parameters.size(), 1U);
  EXPECT_EQ(view.trials[0].reports.at(2), 0.5);
  const double x = view.trials[0].parameters[0].inner;
  EXPECT_EQ(study.fail_stale(std::chrono::seconds(-1), 1).value(), std::vector<int>{0});
  auto again = study.ask().value();
  EXPECT_EQ(again.suggest_float("x", {0, 1, false, std::nullopt}).value(), x);
}

TEST(SqliteStorage, IsSharedByManyProcesses) {
  TemporaryFolder folder;
  const fs::path file = folder / "shared.db";
  constexpr int kWorkers = 4;
  constexpr int kTrials = 12;
  std::vector<pid_t> workers;
  for (int i = 0; i < kWorkers; ++i) {
    workers.push_back(in_child([&] {
      const auto storage = sqlite_storage(file);
      if (!storage) return false;
      auto study = Study::open(**storage, "study", test::kMinimize, tpe_sampler({.seed = 4}));
      return study && optimize(*study, test::bowl, {.trials = kTrials}).has_value();
    }));
  }
  for (const pid_t worker : workers) EXPECT_TRUE(ended_well(worker));
  const auto storage = sqlite_storage(file).value();
  std::vector<TrialRecord> trials;
  ASSERT_OK(storage->refresh(storage->find_study("study").value().id, trials));
  std::set<int> numbers;
  for (const auto& trial : trials) {
    numbers.insert(trial.number);
    EXPECT_EQ(trial.state, TrialState::complete);
  }
  EXPECT_EQ(numbers.size(), static_cast<std::size_t>(kWorkers * kTrials));
  EXPECT_EQ(*numbers.rbegin(), kWorkers * kTrials - 1);
}

TEST(SqliteStorage, RefusesWhatIsNoStudy) {
  TemporaryFolder folder;
  ASSERT_OK(write_text(folder / "text.db", std::string(5000, 'x')));
  EXPECT_ERROR(sqlite_storage(folder / "text.db"), ErrorCode::malformed);
  EXPECT_ERROR(sqlite_storage(folder / "none" / "a.db"), ErrorCode::not_found);
  EXPECT_ERROR(sqlite_storage(folder.path()), ErrorCode::unreadable);
  run_sql(folder / "other.db", "CREATE TABLE cells (id INTEGER)");
  const auto before = read_file(folder / "other.db", 1'000'000).value();
  EXPECT_ERROR(sqlite_storage(folder / "other.db"), ErrorCode::malformed);
  EXPECT_EQ(read_file(folder / "other.db", 1'000'000).value(), before)
      << "another's file was changed";
  {
    ASSERT_OK(sqlite_storage(folder / "old.db"));
  }
  EXPECT_ERROR(sqlite_storage(folder / "old.db", Revision::v3_0_0_d), ErrorCode::usage);
  {
    ASSERT_OK(sqlite_storage(folder / "debian.db", Revision::v3_0_0_d));
  }
  ASSERT_OK(sqlite_storage(folder / "debian.db"));
  EXPECT_ERROR(sqlite_storage(folder / "debian.db", Revision::v3_2_0_a), ErrorCode::usage);
  run_sql(folder / "old.db", "UPDATE alembic_version SET version_num = 'v2.6.0.a'");
  EXPECT_ERROR(sqlite_storage(folder / "old.db"), ErrorCode::unsupported);
}

TEST(SqliteStorage, NamesWhatIsBrokenInAStudy) {
  const auto refreshed = [](const char* damage) {
    TemporaryFolder folder;
    const auto storage = sqlite_storage(folder / "a.db").value();
    const auto study = storage->create_study("study", test::kMinimize).value().id;
    TrialRecord trial = test::complete(0, 1, {{"x", 0.5}});
    trial.parameters.push_back({"c", 1, Categories{{Value{}, Value{true}}}});
    EXPECT_OK(storage->add_trial(study, trial));
    run_sql(folder / "a.db", damage);
    std::vector<TrialRecord> known;
    auto result = storage->refresh(study, known);
    EXPECT_TRUE(result.has_value() || result.error().path == (folder / "a.db").string());
    return result;
  };
  EXPECT_OK(refreshed("SELECT 1"));
  for (const char* damage :
       {"UPDATE trial_params SET distribution_json = '{'", "UPDATE trials SET state = 'LOST'",
        "UPDATE trial_values SET value_type = 'HUGE'", "DROP TABLE trial_values",
        "DELETE FROM trial_values",
        "UPDATE trial_params SET param_value = 7 WHERE param_name = 'c'"}) {
    EXPECT_ERROR(refreshed(damage), ErrorCode::malformed);
  }
}

TEST(SqliteValues, WriteTimesAsOptunaDoes) {
  const auto time = time_of("2024-05-18 02:40:00.123456");
  ASSERT_TRUE(time.has_value());
  EXPECT_EQ(time->time_since_epoch().count(), 1'716'000'000'123'456);
  EXPECT_EQ(time_text(*time), "2024-05-18 02:40:00.123456");
  EXPECT_EQ(time_text(*time_of("2024-05-18 02:40:00")), "2024-05-18 02:40:00.000000");
  for (const char* wrong : {"", "yesterday", "2024-13-01 00:00:00", "2024-05-18 02:40:99"})
    EXPECT_FALSE(time_of(wrong).has_value()) << wrong;
}

}  // namespace
}  // namespace bloodcell::tune
