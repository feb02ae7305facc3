#include "schema.hpp"

#include "rows.hpp"

#include <fmt/format.h>

namespace bloodcell::review {

namespace {

constexpr std::int64_t kApplication = 0x42436C72;  // `BClr`, so that no other file is taken for one
constexpr std::int64_t kVersion = 1;

// The trail can be added to and read: SQLite itself refuses the rest.
constexpr const char* kTables = R"(
CREATE TABLE cases (
  case_id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, created TEXT NOT NULL,
  labels TEXT NOT NULL, revision INTEGER NOT NULL, signed_by TEXT, signed_at TEXT);
CREATE TABLE pictures (
  picture_id INTEGER PRIMARY KEY AUTOINCREMENT,
  case_id INTEGER NOT NULL REFERENCES cases (case_id), name TEXT NOT NULL, sha256 TEXT NOT NULL,
  type TEXT NOT NULL, bytes INTEGER NOT NULL, model TEXT NOT NULL, is_kept INTEGER NOT NULL,
  UNIQUE (case_id, sha256));
CREATE TABLE cells (
  cell_id INTEGER PRIMARY KEY, case_id INTEGER NOT NULL REFERENCES cases (case_id),
  picture_id INTEGER NOT NULL REFERENCES pictures (picture_id), number INTEGER NOT NULL,
  x INTEGER NOT NULL, y INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
  said TEXT NOT NULL, guess TEXT NOT NULL, confidence FLOAT NOT NULL, message TEXT NOT NULL,
  probabilities TEXT NOT NULL, name TEXT NOT NULL);
CREATE INDEX cells_of_case ON cells (case_id);
CREATE TABLE trail (
  number INTEGER PRIMARY KEY, case_key TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
  deed TEXT NOT NULL, subject INTEGER NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
  note TEXT NOT NULL, of INTEGER NOT NULL, hash TEXT NOT NULL);
CREATE INDEX trail_of_case ON trail (case_key);
CREATE TRIGGER trail_is_not_changed BEFORE UPDATE ON trail
  BEGIN SELECT RAISE(ABORT, 'the trail is not changed'); END;
CREATE TRIGGER trail_is_not_shortened BEFORE DELETE ON trail
  BEGIN SELECT RAISE(ABORT, 'the trail is not shortened'); END;
)";

Result<bool> is_empty(Database& database) {
  BC_ASSIGN(const auto tables, number_from(database, "SELECT count(*) FROM sqlite_master"));
  return tables == 0;
}

Result<void> check(Database& database) {
  BC_ASSIGN(const auto application, number_from(database, "PRAGMA application_id"));
  if (application != kApplication) {
    return fail(ErrorCode::malformed, "a database, but not one of reviews", {},
                "name a folder that `serve --review` made, or a new one");
  }
  BC_ASSIGN(const auto version, number_from(database, "PRAGMA user_version"));
  if (version == kVersion) return {};
  return fail(ErrorCode::unsupported,
              fmt::format("reviews in version {}, this program knows {}", version, kVersion), {},
              "use the program that wrote them, or a later one");
}

}  // namespace

Result<void> ensure_schema(Database& database) {
  BC_ASSIGN(const bool is_untouched, is_empty(database));
  if (!is_untouched) BC_CHECK(check(database));  // another's file stays as it is
  BC_CHECK(database.use_write_ahead_log());
  BC_CHECK(database.run("PRAGMA synchronous=FULL"));
  BC_CHECK(database.run("PRAGMA foreign_keys=ON"));
  BC_ASSIGN(auto transaction, Transaction::begin(database, Transaction::Kind::write));
  BC_ASSIGN(const bool is_new, is_empty(database));
  if (!is_new) {
    BC_CHECK(check(database));
    return transaction.commit();
  }
  BC_CHECK(database.run(kTables));
  BC_CHECK(database.run(fmt::format("PRAGMA application_id={}", kApplication)));
  BC_CHECK(database.run(fmt::format("PRAGMA user_version={}", kVersion)));
  return transaction.commit();
}

}  // namespace bloodcell::review
