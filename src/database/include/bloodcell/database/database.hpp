// SQLite as values and results. A Database belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <bloodcell/base/result.hpp>

struct sqlite3;
struct sqlite3_stmt;

namespace bloodcell::database {

class Database;

// One statement with its values. `next` is true for each row, then false.
class Statement {
 public:
  Statement& bind(std::int64_t value);
  Statement& bind(double value);
  Statement& bind(std::string_view value);
  Statement& bind_null();

  [[nodiscard]] Result<bool> next();
  [[nodiscard]] Result<void> run();  // to its end, without rows

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double number(int column) const;
  [[nodiscard]] std::string text(int column) const;  // empty for NULL
  [[nodiscard]] bool is_null(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Database* database_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int bound_ = 0;
  int failed_ = 0;  // the first result code of bind that was no success
};

class Database {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path);

  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  [[nodiscard]] Result<void> run(const std::string& sql);  // several statements
  // Waits for other processes, which SQLite itself does not do when the journal changes its kind.
  [[nodiscard]] Result<void> use_write_ahead_log();
  [[nodiscard]] std::int64_t last_id() const;

  // What SQLite says of the last failure, told of the file.
  [[nodiscard]] Error error(int code) const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> handle_;
  std::string path_;
};

// Begun at once (no other writer) or as a reader; undone unless committed.
class Transaction {
 public:
  enum class Kind { read, write };
  [[nodiscard]] static Result<Transaction> begin(Database& database, Kind kind);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;  // nullptr: over
};

}  // namespace bloodcell::database
