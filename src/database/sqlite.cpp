#include <system_error>
#include <utility>

#include <sqlite3.h>

#include <bloodcell/database/database.hpp>

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

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Handle = std::unique_ptr<sqlite3, Close>;

// What SQLite says of the last failure, told of the file.
Error error_of(sqlite3* handle, const std::string& path, int code) {
  const char* const told = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  return {code_of(code), fmt::format("SQLite: {}", told), path, remedy_of(code)};
}

class SqliteCursor final : public Cursor {
 public:
  SqliteCursor(sqlite3* database, const std::string& path, sqlite3_stmt* statement)
      : database_(database), path_(path), handle_(statement) {}

  void bind(std::int64_t value) override {
    note(sqlite3_bind_int64(handle_.get(), ++bound_, value));
  }
  void bind(double value) override { note(sqlite3_bind_double(handle_.get(), ++bound_, value)); }
  void bind(std::string_view value) override {
    note(sqlite3_bind_text64(handle_.get(), ++bound_, value.data(), value.size(), SQLITE_TRANSIENT,
                             SQLITE_UTF8));
  }
  void bind_null() override { note(sqlite3_bind_null(handle_.get(), ++bound_)); }

  Result<bool> next() override {
    if (failed_ != SQLITE_OK) return tl::unexpected(error_of(database_, path_, failed_));
    const int code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return tl::unexpected(error_of(database_, path_, code));
  }

  std::int64_t integer(int column) const override {
    return sqlite3_column_int64(handle_.get(), column);
  }
  double number(int column) const override { return sqlite3_column_double(handle_.get(), column); }
  std::string text(int column) const override {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
    if (text == nullptr) return {};
    return {text, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
  }
  bool is_null(int column) const override {
    return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
  }

 private:
  void note(int code) {
    if (failed_ == SQLITE_OK) failed_ = code;
  }

  sqlite3* database_;
  const std::string& path_;  // of the database, which lives longer
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int bound_ = 0;
  int failed_ = SQLITE_OK;  // the first result code of bind that was no success
};

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(Handle handle, std::string path)
      : handle_(std::move(handle)), path_(std::move(path)) {}

  Dialect dialect() const override { return Dialect::sqlite; }

  Result<Statement> prepare(std::string_view sql) override {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                        &statement, nullptr);
    auto cursor = std::make_unique<SqliteCursor>(handle_.get(), path_, statement);
    if (code != SQLITE_OK) return tl::unexpected(error_of(handle_.get(), path_, code));
    return Statement(std::move(cursor));
  }

  Result<void> run(const std::string& sql) override {
    const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return tl::unexpected(error_of(handle_.get(), path_, code));
    return {};
  }

  Result<void> begin_reading() override { return run("BEGIN"); }
  Result<void> begin_writing() override { return run("BEGIN IMMEDIATE"); }
  std::string locking(std::string_view select) const override { return std::string(select); }

  Result<void> use_write_ahead_log() override {
    constexpr int kPauseMilliseconds = 5;
    for (int waited = 0;; waited += kPauseMilliseconds) {
      const int code =
          sqlite3_exec(handle_.get(), "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr);
      if (code == SQLITE_OK) return {};
      if ((code & 0xff) != SQLITE_BUSY || waited >= kBusyMilliseconds)
        return tl::unexpected(error_of(handle_.get(), path_, code));
      sqlite3_sleep(kPauseMilliseconds);
    }
  }

 private:
  Handle handle_;
  std::string path_;
};

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path) {
  std::error_code error;
  const auto folder = path.parent_path();
  if (!folder.empty() && !std::filesystem::is_directory(folder, error)) {
    return fail(ErrorCode::not_found, "there is no folder for it", path.string(),
                "make the folder first");
  }
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &opened,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Handle handle(opened);
  if (code != SQLITE_OK) return tl::unexpected(error_of(opened, path.string(), code));
  sqlite3_busy_timeout(opened, kBusyMilliseconds);
  return std::make_unique<SqliteDatabase>(std::move(handle), path.string());
}

}  // namespace bloodcell::database
