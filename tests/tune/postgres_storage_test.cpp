#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include <bloodcell/base/files.hpp>
#include <bloodcell/test/support.hpp>
#include <bloodcell/tune/database_storage.hpp>

#include "postgres_server.hpp"
#include "studies.hpp"

namespace bloodcell::tune {
namespace {

using database::is_postgres_url;
using database::without_password;

class PostgresStorage : public testing::Test {
 protected:
  void SetUp() override {
    server_ = test::PostgresServer::start();
    if (!server_) GTEST_SKIP() << "no PostgreSQL server here: apt-get install postgresql";
  }
  void run_sql(const std::string& sql) const {
    const auto database = database::open_postgres(server_->url()).value();
    ASSERT_OK(database->run(sql));
  }
  [[nodiscard]] std::unique_ptr<Storage> open() const {
    return postgres_storage(server_->url()).value();
  }

  std::unique_ptr<test::PostgresServer> server_;
};

Study open_study(Storage& storage) {
  return Study::open(storage, "study", test::kMinimize, tpe_sampler({.seed = 4})).value();
}

template <class Work>
pid_t in_child(const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work() ? 0 : 1);
  return child;
}

TEST_F(PostgresStorage, LosesNothingToKillNineAndTakesTheTrialUp) {
  ASSERT_OK(postgres_storage(server_->url()));
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  const pid_t child = in_child([&] {
    const auto storage = open();
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
  const auto storage = open();
  Study study = open_study(*storage);
  const auto view = study.look().value();
  ASSERT_EQ(view.trials.size(), 1U);
  EXPECT_EQ(view.trials[0].state, TrialState::running);
  ASSERT_EQ(view.trials[0].parameters.size(), 1U);
  EXPECT_EQ(view.trials[0].reports.at(2), 0.5);
  const double x = view.trials[0].parameters[0].inner;
  EXPECT_TRUE(study.fail_stale(std::chrono::seconds(60), 1).value().empty());
  EXPECT_EQ(study.fail_stale(std::chrono::seconds(-1), 1).value(), std::vector<int>{0});
  auto again = study.ask().value();
  EXPECT_EQ(again.suggest_float("x", {0, 1, false, std::nullopt}).value(), x);
}

TEST_F(PostgresStorage, IsSharedByManyProcessesThatBeginTogether) {
  constexpr int kWorkers = 4;
  constexpr int kTrials = 12;
  std::vector<pid_t> workers;
  for (int i = 0; i < kWorkers; ++i) {
    workers.push_back(in_child([&] {
      const auto storage = postgres_storage(server_->url());
      if (!storage) return false;
      auto study = Study::open(**storage, "study", test::kMinimize, tpe_sampler({.seed = 4}));
      return study && optimize(*study, test::bowl, {.trials = kTrials}).has_value();
    }));
  }
  for (const pid_t worker : workers) {
    int status = 0;
    ASSERT_EQ(::waitpid(worker, &status, 0), worker);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  const auto storage = open();
  std::vector<TrialRecord> trials;
  ASSERT_OK(storage->refresh(storage->find_study("study").value().id, trials));
  ASSERT_EQ(trials.size(), static_cast<std::size_t>(kWorkers * kTrials));
  for (std::size_t i = 0; i < trials.size(); ++i) {
    EXPECT_EQ(trials[i].number, static_cast<int>(i));
    EXPECT_EQ(trials[i].state, TrialState::complete);
  }
}

TEST_F(PostgresStorage, GoesOnWhenTheServerWasAway) {
  const auto storage = open();
  Study study = open_study(*storage);
  ASSERT_OK(optimize(study, test::bowl, {.trials = 3}));
  server_->end();
  server_->begin();
  ASSERT_OK(optimize(study, test::bowl, {.trials = 3}));
  EXPECT_EQ(study.look().value().trials.size(), 6U);
}

TEST_F(PostgresStorage, LiesBesideOtherTablesAndRefusesWhatIsNoStudy) {
  run_sql("CREATE TABLE cells (id INTEGER)");
  ASSERT_OK(postgres_storage(server_->url()));
  run_sql("CREATE ROLE guest LOGIN");
  std::string guest = server_->url();
  guest.replace(guest.find("postgres@"), 8, "guest");
  EXPECT_ERROR(postgres_storage(guest), ErrorCode::unreadable);
  run_sql("UPDATE alembic_version SET version_num = 'v2.6.0.a'");
  EXPECT_ERROR(postgres_storage(server_->url()), ErrorCode::unsupported);
  run_sql("DROP TABLE alembic_version");
  EXPECT_ERROR(postgres_storage(server_->url()), ErrorCode::malformed);
  const auto none = postgres_storage(server_->url("none"));
  EXPECT_ERROR(none, ErrorCode::unreadable);
  EXPECT_NE(none.error().message.find("none"), std::string::npos) << none.error().message;
}

TEST_F(PostgresStorage, NamesWhatIsBrokenInAStudyAndTheTextsItCannotTake) {
  const auto storage = open();
  const auto study = storage->create_study("study", test::kMinimize).value().id;
  ASSERT_OK(storage->add_trial(study, test::complete(0, 1, {{"x", 0.5}})));
  EXPECT_ERROR(storage->create_study(std::string(600, 'n'), test::kMinimize),
               ErrorCode::limit_exceeded);
  EXPECT_ERROR(storage->create_study(std::string("a\0b", 3), test::kMinimize), ErrorCode::usage);
  EXPECT_ERROR(storage->create_study("\xff", test::kMinimize), ErrorCode::malformed);
  ASSERT_OK(storage->create_study("Größe '?' $1", test::kMinimize));
  ASSERT_OK(storage->find_study("Größe '?' $1"));
  run_sql("UPDATE trial_params SET distribution_json = '{'");
  std::vector<TrialRecord> known;
  const auto broken = storage->refresh(study, known);
  EXPECT_ERROR(broken, ErrorCode::malformed);
  EXPECT_EQ(broken.error().path, server_->url());
  run_sql("DROP TABLE trial_params");
  EXPECT_ERROR(storage->refresh(study, known), ErrorCode::malformed);
}

TEST(PostgresUrl, IsKnownByItsScheme) {
  for (const char* url : {"postgresql://a", "postgres://u@h/d", "postgresql+psycopg2://u@h/d"})
    EXPECT_TRUE(is_postgres_url(url)) << url;
  for (const char* other :
       {"", "postgresql", "runs/tune/study.db", "sqlite:///a.db", "a+b://c", "/srv/postgresql://x"})
    EXPECT_FALSE(is_postgres_url(other)) << other;
}

TEST(PostgresUrl, IsShownWithoutItsPassword) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {"postgresql://me:secret@host:5432/a", "postgresql://me@host:5432/a"},
      {"postgresql://me@host:5432/a", "postgresql://me@host:5432/a"},
      {"postgresql://host:5432/a", "postgresql://host:5432/a"},
      {"postgresql://me:a@b@host/d", "postgresql://me@host/d"},
      {"postgresql://me@/d?host=/tmp&password=secret", "postgresql://me@/d?host=/tmp&password=…"},
      {"postgresql://h/d?password=secret&user=me", "postgresql://h/d?password=…&user=me"},
      {"postgresql://h", "postgresql://h"}};
  for (const auto& [url, shown] : cases) EXPECT_EQ(without_password(url), shown);
}

TEST(PostgresUrl, ThatNobodyAnswersIsTold) {
  const auto refused =
      postgres_storage("postgresql://me:secret@127.0.0.1:1/study?connect_timeout=2");
  EXPECT_ERROR(refused, ErrorCode::unreadable);
  const auto told = to_text(refused.error());
  EXPECT_EQ(told.find("secret"), std::string::npos) << told;
  EXPECT_NE(told.find("postgresql://me@127.0.0.1:1/study"), std::string::npos) << told;
  const auto wrong = postgres_storage("postgresql://me:secret@[::1/study");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(to_text(wrong.error()).find("secret"), std::string::npos) << to_text(wrong.error());
}

}  // namespace
}  // namespace bloodcell::tune
