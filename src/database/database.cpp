#include <bloodcell/database/database.hpp>

#include <system_error>
#include <utility>

#include <sqlite3.h>

namespace bloodcell::database {
namespace {

// Another worker's transaction takes milliseconds; a file system that hangs should be told of.
constexpr int kBusyMilliseconds = 60'000;

ErrorCode code_of(int code) {
  switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return ErrorCode::malformed;
    case SQLITE_ERROR: return ErrorCode::malformed;  // a table or column that is not there
    case SQLITE_TOOBIG: return ErrorCode::limit_exceeded;
    case SQLITE_MISUSE: return ErrorCode::internal;
    default: return ErrorCode::unreadable;
  }
}

std::string remedy_of(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY: return "another program holds the file; end it";
    case SQLITE_FULL: return "make room on the disk";
    case SQLITE_READONLY:
    case SQLITE_PERM: return "make the file and its folder writable";
    case SQLITE_NOTADB: return "name a file that this program made, or a new one";
    default: return {};
  }
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Statement& Statement::bind(std::int64_t value) {
  const int code = sqlite3_bind_int64(handle_.get(), ++bound_, value);
  if (failed_ == SQLITE_OK) failed_ = code;
  return *this;
}

Statement& Statement::bind(double value) {
  const int code = sqlite3_bind_double(handle_.get(), ++bound_, value);
  if (failed_ == SQLITE_OK) failed_ = code;
  return *this;
}

Statement& Statement::bind(std::string_view value) {
  const int code = sqlite3_bind_text64(handle_.get(), ++bound_, value.data(), value.size(),
                                       SQLITE_TRANSIENT, SQLITE_UTF8);
  if (failed_ == SQLITE_OK) failed_ = code;
  return *this;
}

Statement& Statement::bind_null() {
  const int code = sqlite3_bind_null(handle_.get(), ++bound_);
  if (failed_ == SQLITE_OK) failed_ = code;
  return *this;
}

Result<bool> Statement::next() {
  if (failed_ != SQLITE_OK) return tl::unexpected(database_->error(failed_));
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return tl::unexpected(database_->error(code));
}

Result<void> Statement::run() {
  BC_ASSIGN(const bool has_row, next());
  static_cast<void>(has_row);
  return {};
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

double Statement::number(int column) const { return sqlite3_column_double(handle_.get(), column); }

std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path) {
  std::error_code error;
  const auto folder = path.parent_path();
  if (!folder.empty() && !std::filesystem::is_directory(folder, error)) {
    return fail(ErrorCode::not_found, "there is no folder for it", path.string(),
                "make the folder first");
  }
  auto database = std::make_unique<Database>();
  database->path_ = path.string();
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  database->handle_.reset(handle);
  if (code != SQLITE_OK) return tl::unexpected(database->error(code));
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) {
  Statement statement;
  statement.database_ = this;
  sqlite3_stmt* handle = nullptr;
  const int code =
      sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &handle, nullptr);
  statement.handle_.reset(handle);
  if (code != SQLITE_OK) return tl::unexpected(error(code));
  return statement;
}

Result<void> Database::run(const std::string& sql) {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(error(code));
  return {};
}

Result<void> Database::use_write_ahead_log() {
  constexpr int kPauseMilliseconds = 5;
  for (int waited = 0;; waited += kPauseMilliseconds) {
    const int code =
        sqlite3_exec(handle_.get(), "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return {};
    if ((code & 0xff) != SQLITE_BUSY || waited >= kBusyMilliseconds)
      return tl::unexpected(error(code));
    sqlite3_sleep(kPauseMilliseconds);
  }
}

std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(handle_.get()); }

Error Database::error(int code) const {
  const char* const told = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
  return {code_of(code), fmt::format("SQLite: {}", told), path_, remedy_of(code)};
}

Result<Transaction> Transaction::begin(Database& database, Kind kind) {
  BC_CHECK(database.run(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN"));
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // Undoing cannot fail in a way that matters: the file is as it was before.
  if (database_ != nullptr) static_cast<void>(database_->run("ROLLBACK"));
}

Result<void> Transaction::commit() {
  BC_CHECK(database_->run("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace bloodcell::database
