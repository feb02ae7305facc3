#include "schema.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace bloodcell::tune {
namespace {

// By Revision.
constexpr std::array<std::string_view, 2> kRevisions{"v3.2.0.a", "v3.0.0.d"};
constexpr std::array<std::string_view, 2> kMakers{"3.2.0", "3.0.0"};
constexpr const char* kNewIndex = "CREATE INDEX ix_trials_study_id ON trials (study_id);";

std::size_t place_of(Revision revision) { return static_cast<std::size_t>(revision); }

// The types of columns by the names that differ between databases.
struct Types {
  const char* key;
  const char* number;
  const char* time;
  const char* direction;
  const char* state;
  const char* value_type;
  const char* report_type;
};

constexpr Types kSqliteTypes{"INTEGER",    "FLOAT",      "DATETIME",  "VARCHAR(8)",
                             "VARCHAR(8)", "VARCHAR(7)", "VARCHAR(7)"};
constexpr Types kPostgresTypes{
    "SERIAL",         "DOUBLE PRECISION",          "TIMESTAMP", "studydirection", "trialstate",
    "trialvaluetype", "trialintermediatevaluetype"};

// As SQLAlchemy names and fills them.
constexpr const char* kPostgresEnums = R"(
CREATE TYPE studydirection AS ENUM ('NOT_SET', 'MINIMIZE', 'MAXIMIZE');
CREATE TYPE trialstate AS ENUM ('RUNNING', 'COMPLETE', 'PRUNED', 'FAIL', 'WAITING');
CREATE TYPE trialvaluetype AS ENUM ('FINITE', 'INF_POS', 'INF_NEG');
CREATE TYPE trialintermediatevaluetype AS ENUM ('FINITE', 'INF_POS', 'INF_NEG', 'NAN');
)";

constexpr const char* kTables = R"(
CREATE TABLE studies (
  study_id {key} NOT NULL, study_name VARCHAR(512) NOT NULL, PRIMARY KEY (study_id));
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE TABLE version_info (
  version_info_id INTEGER NOT NULL, schema_version INTEGER, library_version VARCHAR(256),
  PRIMARY KEY (version_info_id), CHECK (version_info_id=1));
CREATE TABLE study_directions (
  study_direction_id {key} NOT NULL, direction {direction} NOT NULL, study_id INTEGER NOT NULL,
  objective INTEGER NOT NULL, PRIMARY KEY (study_direction_id), UNIQUE (study_id, objective),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE study_user_attributes (
  study_user_attribute_id {key} NOT NULL, study_id INTEGER, "key" VARCHAR(512), value_json TEXT,
  PRIMARY KEY (study_user_attribute_id), UNIQUE (study_id, "key"),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE study_system_attributes (
  study_system_attribute_id {key} NOT NULL, study_id INTEGER, "key" VARCHAR(512),
  value_json TEXT, PRIMARY KEY (study_system_attribute_id), UNIQUE (study_id, "key"),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE trials (
  trial_id {key} NOT NULL, number INTEGER, study_id INTEGER, state {state} NOT NULL,
  datetime_start {time}, datetime_complete {time}, PRIMARY KEY (trial_id),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE trial_user_attributes (
  trial_user_attribute_id {key} NOT NULL, trial_id INTEGER, "key" VARCHAR(512), value_json TEXT,
  PRIMARY KEY (trial_user_attribute_id), UNIQUE (trial_id, "key"),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_system_attributes (
  trial_system_attribute_id {key} NOT NULL, trial_id INTEGER, "key" VARCHAR(512),
  value_json TEXT, PRIMARY KEY (trial_system_attribute_id), UNIQUE (trial_id, "key"),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_params (
  param_id {key} NOT NULL, trial_id INTEGER, param_name VARCHAR(512), param_value {number},
  distribution_json TEXT, PRIMARY KEY (param_id), UNIQUE (trial_id, param_name),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_values (
  trial_value_id {key} NOT NULL, trial_id INTEGER NOT NULL, objective INTEGER NOT NULL,
  value {number}, value_type {value_type} NOT NULL, PRIMARY KEY (trial_value_id),
  UNIQUE (trial_id, objective), FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_intermediate_values (
  trial_intermediate_value_id {key} NOT NULL, trial_id INTEGER NOT NULL, step INTEGER NOT NULL,
  intermediate_value {number}, intermediate_value_type {report_type} NOT NULL,
  PRIMARY KEY (trial_intermediate_value_id), UNIQUE (trial_id, step),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_heartbeats (
  trial_heartbeat_id {key} NOT NULL, trial_id INTEGER NOT NULL, heartbeat {time} NOT NULL,
  PRIMARY KEY (trial_heartbeat_id), UNIQUE (trial_id),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO version_info VALUES (1, 12, '{maker}');
INSERT INTO alembic_version VALUES ('{revision}');
)";

// Any number, the same in each of our workers.
constexpr const char* kOneMakesTables = "SELECT pg_advisory_xact_lock(8315153015)";

bool is_postgres(const Database& database) {
  return database.dialect() == database::Dialect::postgres;
}

Result<bool> has_table(Database& database, std::string_view name) {
  BC_ASSIGN(auto table,
            database.prepare(is_postgres(database)
                                 ? "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() "
                                   "AND tablename = ?"
                                 : "SELECT 1 FROM sqlite_master WHERE name = ?"));
  return table.bind(name).next();
}

// A file is for studies alone; on a server they may lie beside other tables.
Result<bool> is_free(Database& database) {
  if (!is_postgres(database)) {
    BC_ASSIGN(auto any, database.prepare("SELECT 1 FROM sqlite_master"));
    BC_ASSIGN(const bool has_any, any.next());
    return !has_any;
  }
  for (const char* const name : {"studies", "trials", "version_info", "alembic_version"}) {
    BC_ASSIGN(const bool is_taken, has_table(database, name));
    if (is_taken) return false;
  }
  return true;
}

Result<void> check_revision(Database& database, std::optional<Revision> wanted) {
  for (const char* const name : {"studies", "trials", "alembic_version"}) {
    BC_ASSIGN(const bool is_there, has_table(database, name));
    if (!is_there) {
      return fail(ErrorCode::malformed, "a database, but not one of studies", {},
                  "name one that bloodcell tune or Optuna made, or a new one");
    }
  }
  BC_ASSIGN(auto found, database.prepare("SELECT version_num FROM alembic_version"));
  BC_ASSIGN(const bool has_row, found.next());
  const std::string revision = has_row ? found.text(0) : "none";
  const bool is_known =
      std::find(kRevisions.begin(), kRevisions.end(), revision) != kRevisions.end();
  if (is_known && (!wanted || revision == kRevisions[place_of(*wanted)])) return {};
  if (is_known) {
    return fail(ErrorCode::usage, fmt::format("its tables have revision {} already", revision), {},
                "name a new one, or do not ask for tables of another Optuna");
  }
  return fail(ErrorCode::unsupported, fmt::format("its tables have revision {}", revision), {},
              "bring it up to date: optuna storage upgrade --storage sqlite:///FILE, "
              "or the URL of the server");
}

Result<void> make_tables(Database& database, Revision revision) {
  const Types& types = is_postgres(database) ? kPostgresTypes : kSqliteTypes;
  if (is_postgres(database)) BC_CHECK(database.run(kPostgresEnums));
  BC_CHECK(database.run(fmt::format(
      kTables, fmt::arg("maker", kMakers[place_of(revision)]),
      fmt::arg("revision", kRevisions[place_of(revision)]), fmt::arg("key", types.key),
      fmt::arg("number", types.number), fmt::arg("time", types.time),
      fmt::arg("direction", types.direction), fmt::arg("state", types.state),
      fmt::arg("value_type", types.value_type), fmt::arg("report_type", types.report_type))));
  return revision == Revision::v3_2_0_a ? database.run(kNewIndex) : Result<void>{};
}

}  // namespace

Result<void> ensure_schema(Database& database, std::optional<Revision> wanted) {
  BC_ASSIGN(const bool is_untouched, is_free(database));
  if (!is_untouched) BC_CHECK(check_revision(database, wanted));  // another's file stays as it is
  BC_CHECK(database.use_write_ahead_log());
  if (!is_postgres(database)) BC_CHECK(database.run("PRAGMA synchronous=FULL"));
  // As a writer: of several workers that begin together, one makes the tables.
  BC_ASSIGN(auto transaction, Transaction::begin(database, Transaction::Kind::write));
  if (is_postgres(database)) BC_CHECK(database.run(kOneMakesTables));
  BC_ASSIGN(const bool is_new, is_free(database));
  if (is_new) {
    BC_CHECK(make_tables(database, wanted.value_or(Revision::v3_2_0_a)));
  } else {
    BC_CHECK(check_revision(database, wanted));
  }
  return transaction.commit();
}

}  // namespace bloodcell::tune
