#include "schema.hpp"

#include <array>
#include <string>
#include <string_view>

namespace bloodcell::tune {
namespace {

// The revision we write, and the one before it: the same tables without one index.
constexpr std::array<std::string_view, 2> kRevisions{"v3.2.0.a", "v3.0.0.d"};

constexpr const char* kTables = R"(
CREATE TABLE studies (
  study_id INTEGER NOT NULL, study_name VARCHAR(512) NOT NULL, PRIMARY KEY (study_id));
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE TABLE version_info (
  version_info_id INTEGER NOT NULL, schema_version INTEGER, library_version VARCHAR(256),
  PRIMARY KEY (version_info_id), CHECK (version_info_id=1));
CREATE TABLE study_directions (
  study_direction_id INTEGER NOT NULL, direction VARCHAR(8) NOT NULL, study_id INTEGER NOT NULL,
  objective INTEGER NOT NULL, PRIMARY KEY (study_direction_id), UNIQUE (study_id, objective),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE study_user_attributes (
  study_user_attribute_id INTEGER NOT NULL, study_id INTEGER, "key" VARCHAR(512), value_json TEXT,
  PRIMARY KEY (study_user_attribute_id), UNIQUE (study_id, "key"),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE study_system_attributes (
  study_system_attribute_id INTEGER NOT NULL, study_id INTEGER, "key" VARCHAR(512),
  value_json TEXT, PRIMARY KEY (study_system_attribute_id), UNIQUE (study_id, "key"),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE trials (
  trial_id INTEGER NOT NULL, number INTEGER, study_id INTEGER, state VARCHAR(8) NOT NULL,
  datetime_start DATETIME, datetime_complete DATETIME, PRIMARY KEY (trial_id),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE INDEX ix_trials_study_id ON trials (study_id);
CREATE TABLE trial_user_attributes (
  trial_user_attribute_id INTEGER NOT NULL, trial_id INTEGER, "key" VARCHAR(512), value_json TEXT,
  PRIMARY KEY (trial_user_attribute_id), UNIQUE (trial_id, "key"),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_system_attributes (
  trial_system_attribute_id INTEGER NOT NULL, trial_id INTEGER, "key" VARCHAR(512),
  value_json TEXT, PRIMARY KEY (trial_system_attribute_id), UNIQUE (trial_id, "key"),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_params (
  param_id INTEGER NOT NULL, trial_id INTEGER, param_name VARCHAR(512), param_value FLOAT,
  distribution_json TEXT, PRIMARY KEY (param_id), UNIQUE (trial_id, param_name),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_values (
  trial_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, objective INTEGER NOT NULL,
  value FLOAT, value_type VARCHAR(7) NOT NULL, PRIMARY KEY (trial_value_id),
  UNIQUE (trial_id, objective), FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_intermediate_values (
  trial_intermediate_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, step INTEGER NOT NULL,
  intermediate_value FLOAT, intermediate_value_type VARCHAR(7) NOT NULL,
  PRIMARY KEY (trial_intermediate_value_id), UNIQUE (trial_id, step),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_heartbeats (
  trial_heartbeat_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, heartbeat DATETIME NOT NULL,
  PRIMARY KEY (trial_heartbeat_id), UNIQUE (trial_id),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO version_info VALUES (1, 12, '3.2.0');
INSERT INTO alembic_version VALUES ('v3.2.0.a');
)";

Result<bool> is_empty(Database& database) {
  BC_ASSIGN(auto count, database.prepare("SELECT count(*) FROM sqlite_master"));
  BC_ASSIGN(const bool has_row, count.next());
  return has_row && count.integer(0) == 0;
}

Result<void> check_revision(Database& database) {
  BC_ASSIGN(auto table,
            database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"));
  BC_ASSIGN(const bool is_study, table.next());
  if (!is_study) {
    return fail(ErrorCode::malformed, "a database, but not one of studies", {},
                "name a file that bloodcell tune or Optuna made, or a new one");
  }
  BC_ASSIGN(auto found, database.prepare("SELECT version_num FROM alembic_version"));
  BC_ASSIGN(const bool has_row, found.next());
  const std::string revision = has_row ? found.text(0) : "none";
  for (const auto known : kRevisions) {
    if (revision == known) return {};
  }
  return fail(ErrorCode::unsupported, fmt::format("its tables have revision {}", revision), {},
              "bring it up to date: optuna storage upgrade --storage sqlite:///FILE");
}

}  // namespace

Result<void> ensure_schema(Database& database) {
  BC_ASSIGN(const bool is_untouched, is_empty(database));
  if (!is_untouched) BC_CHECK(check_revision(database));  // another's file stays as it is
  BC_CHECK(database.use_write_ahead_log());
  BC_CHECK(database.run("PRAGMA synchronous=FULL"));
  // As a writer: of several workers that begin together, one makes the tables.
  BC_ASSIGN(auto transaction, Transaction::begin(database, Transaction::Kind::write));
  BC_ASSIGN(const bool is_new, is_empty(database));
  if (is_new) {
    BC_CHECK(database.run(kTables));
  } else {
    BC_CHECK(check_revision(database));
  }
  return transaction.commit();
}

}  // namespace bloodcell::tune
