#include <bloodcell/tune/database_storage.hpp>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <type_traits>
#include <utility>

#include <bloodcell/database/postgres.hpp>

#include "rows.hpp"
#include "schema.hpp"
#include "values.hpp"

namespace bloodcell::tune {
namespace {

// Work inside one transaction of one connection, one thread at a time.
class Connection {
 public:
  Connection(std::string path, std::unique_ptr<Database> database)
      : path_(std::move(path)), database_(std::move(database)) {}

  [[nodiscard]] const std::string& path() const { return path_; }

  template <class Work>
  auto inside(Transaction::Kind kind, const Work& work) -> std::invoke_result_t<Work, Database&> {
    const std::lock_guard lock(mutex_);
    auto result = committed(kind, work);
    if (!result) return tl::unexpected(with_path(std::move(result).error(), path_));
    return result;
  }

 private:
  template <class Work>
  auto committed(Transaction::Kind kind, const Work& work)
      -> std::invoke_result_t<Work, Database&> {
    BC_ASSIGN(auto transaction, Transaction::begin(*database_, kind));
    auto done = work(*database_);
    if (done) BC_CHECK(transaction.commit());
    return done;
  }

  std::string path_;
  std::mutex mutex_;
  std::unique_ptr<Database> database_;  // guarded by mutex_
};

class DatabaseStorage final : public Storage {
 public:
  DatabaseStorage(std::string path, std::unique_ptr<Database> database)
      : file_(std::move(path), std::move(database)) {}

  Result<StudyInfo> create_study(const std::string& name,
                                 const std::vector<Direction>& directions) override {
    if (directions.empty())
      return fail(ErrorCode::usage, "a study needs a direction", file_.path());
    return file_.inside(Transaction::Kind::write, [&](Database& database) -> Result<StudyInfo> {
      BC_ASSIGN(const auto known, read_studies(database));
      if (std::ranges::find(known, name, &StudyInfo::name) != known.end())
        return fail(ErrorCode::usage, fmt::format("there is a study {} already", name));
      BC_ASSIGN(auto insert, database.prepare("INSERT INTO studies (study_name) VALUES (?) "
                                              "RETURNING study_id"));
      BC_ASSIGN(const auto id, insert.bind(std::string_view(name)).run_for_id());
      StudyInfo study{id, name, directions, {}};
      for (std::size_t i = 0; i < directions.size(); ++i) {
        BC_ASSIGN(auto direction,
                  database.prepare("INSERT INTO study_directions (direction, study_id, objective) "
                                   "VALUES (?, ?, ?)"));
        BC_CHECK(direction.bind(direction_text(directions[i]))
                     .bind(study.id)
                     .bind(static_cast<std::int64_t>(i))
                     .run());
      }
      return study;
    });
  }

  Result<StudyInfo> find_study(const std::string& name) override {
    BC_ASSIGN(const auto known, studies());
    const auto found = std::ranges::find(known, name, &StudyInfo::name);
    if (found == known.end())
      return fail(ErrorCode::not_found, fmt::format("there is no study {}", name), file_.path());
    return *found;
  }

  Result<std::vector<StudyInfo>> studies() override {
    return file_.inside(Transaction::Kind::read,
                        [](Database& database) { return read_studies(database); });
  }

  Result<void> set_study_attribute(std::int64_t study, const std::string& key,
                                   const std::string& json) override {
    return file_.inside(Transaction::Kind::write, [&](Database& database) -> Result<void> {
      BC_ASSIGN(auto put,
                database.prepare(
                    "INSERT INTO study_user_attributes (study_id, \"key\", value_json) VALUES "
                    "(?, ?, ?) ON CONFLICT (study_id, \"key\") DO UPDATE SET value_json = "
                    "excluded.value_json"));
      return put.bind(study).bind(std::string_view(key)).bind(std::string_view(json)).run();
    });
  }

  Result<TrialRecord> add_trial(std::int64_t study, TrialRecord trial) override {
    return file_.inside(Transaction::Kind::write, [&](Database& database) -> Result<TrialRecord> {
      BC_CHECK(insert_trial(database, study, trial));
      read_constraints(trial);
      return trial;
    });
  }

  Result<bool> claim(std::int64_t trial) override {
    return file_.inside(Transaction::Kind::write, [&](Database& database) -> Result<bool> {
      BC_ASSIGN(const auto state, lock_state(database, trial));
      if (state != TrialState::waiting) return false;
      BC_ASSIGN(auto update, database.prepare("UPDATE trials SET state = 'RUNNING', "
                                              "datetime_start = ? WHERE trial_id = ?"));
      BC_CHECK(update.bind(std::string_view(time_text(now()))).bind(trial).run());
      return true;
    });
  }

  Result<void> set_parameter(std::int64_t trial, const Parameter& parameter) override {
    return change(trial,
                  [&](Database& database) { return insert_parameter(database, trial, parameter); });
  }

  Result<void> set_report(std::int64_t trial, int step, double value) override {
    return change(trial,
                  [&](Database& database) { return put_report(database, trial, step, value); });
  }

  Result<void> set_attribute(std::int64_t trial, AttributeKind kind, const std::string& key,
                             const std::string& json) override {
    return change(
        trial, [&](Database& database) { return put_attribute(database, trial, kind, key, json); });
  }

  Result<void> finish(std::int64_t trial, TrialState state,
                      const std::vector<double>& values) override {
    return change(trial, [&](Database& database) -> Result<void> {
      for (std::size_t i = 0; i < values.size(); ++i)
        BC_CHECK(put_value(database, trial, i, values[i]));
      BC_ASSIGN(auto update, database.prepare("UPDATE trials SET state = ?, datetime_complete = ? "
                                              "WHERE trial_id = ?"));
      return update.bind(state_text(state))
          .bind(std::string_view(time_text(now())))
          .bind(trial)
          .run();
    });
  }

  Result<void> refresh(std::int64_t study, std::vector<TrialRecord>& known) override {
    return file_.inside(Transaction::Kind::read, [&](Database& database) -> Result<void> {
      std::int64_t last = 0;
      for (auto& trial : known) {
        last = std::max(last, trial.id);
        if (is_finished(trial.state)) continue;
        BC_ASSIGN(trial, read_trial(database, trial.id));
      }
      BC_ASSIGN(auto more, read_trials(database, study, last));
      std::ranges::move(more, std::back_inserter(known));
      return {};
    });
  }

  // By the database's clock, which is the same for workers on all machines, and Optuna's choice.
  Result<void> beat(std::int64_t trial) override {
    return file_.inside(Transaction::Kind::write, [&](Database& database) -> Result<void> {
      BC_ASSIGN(auto put,
                database.prepare("INSERT INTO trial_heartbeats (trial_id, heartbeat) VALUES (?, "
                                 "CURRENT_TIMESTAMP) ON CONFLICT (trial_id) DO UPDATE SET "
                                 "heartbeat = excluded.heartbeat"));
      return put.bind(trial).run();
    });
  }

  Result<std::vector<std::int64_t>> stale_trials(std::int64_t study,
                                                 std::chrono::seconds grace) override {
    return file_.inside(
        Transaction::Kind::read, [&](Database& database) -> Result<std::vector<std::int64_t>> {
          BC_ASSIGN(auto row,
                    database.prepare(
                        "SELECT trials.trial_id, heartbeat, CURRENT_TIMESTAMP FROM trials JOIN "
                        "trial_heartbeats ON trials.trial_id = trial_heartbeats.trial_id "
                        "WHERE study_id = ? AND state = 'RUNNING'"));
          row.bind(study);
          std::vector<std::int64_t> stale;
          while (true) {
            BC_ASSIGN(const bool has_row, row.next());
            if (!has_row) return stale;
            const auto beat = time_of(row.text(1));
            const auto asked = time_of(row.text(2));
            if (beat && asked && *asked - *beat > grace) stale.push_back(row.integer(0));
          }
        });
  }

 private:
  template <class Work>
  Result<void> change(std::int64_t trial, const Work& work) {
    return file_.inside(Transaction::Kind::write, [&](Database& database) -> Result<void> {
      BC_ASSIGN(const auto state, lock_state(database, trial));
      if (is_finished(state))
        return fail(ErrorCode::usage, fmt::format("the trial with the id {} is finished", trial));
      return work(database);
    });
  }

  Connection file_;
};

Result<std::unique_ptr<Storage>> storage_in(std::unique_ptr<Database> database,
                                            const std::string& path,
                                            std::optional<Revision> wanted) {
  if (auto ready = ensure_schema(*database, wanted); !ready)
    return tl::unexpected(with_path(std::move(ready).error(), path));
  return std::make_unique<DatabaseStorage>(path, std::move(database));
}

}  // namespace

Result<std::unique_ptr<Storage>> sqlite_storage(const std::filesystem::path& path,
                                                std::optional<Revision> wanted) {
  BC_ASSIGN(auto database, Database::open(path));
  return storage_in(std::move(database), path.string(), wanted);
}

Result<std::unique_ptr<Storage>> postgres_storage(const std::string& url,
                                                  std::optional<Revision> wanted) {
  BC_ASSIGN(auto database, database::open_postgres(url));
  return storage_in(std::move(database), database::without_password(url), wanted);
}

Result<std::unique_ptr<Storage>> open_storage(const std::string& named,
                                              std::optional<Revision> wanted) {
  if (database::is_postgres_url(named)) return postgres_storage(named, wanted);
  return sqlite_storage(named, wanted);
}

}  // namespace bloodcell::tune
