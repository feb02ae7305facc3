// A database as values and results: SQLite here, PostgreSQL in postgres.hpp; SQL is written once
// for both, with `?` for values. A Database belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <bloodcell/base/result.hpp>

namespace bloodcell::database {

enum class Dialect { sqlite, postgres };

// What a kind of database does for a statement.
class Cursor {
 public:
  Cursor() = default;
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  virtual ~Cursor() = default;

  virtual void bind(std::int64_t value) = 0;
  virtual void bind(double value) = 0;
  virtual void bind(std::string_view value) = 0;
  virtual void bind_null() = 0;
  [[nodiscard]] virtual Result<bool> next() = 0;
  [[nodiscard]] virtual std::int64_t integer(int column) const = 0;
  [[nodiscard]] virtual double number(int column) const = 0;
  [[nodiscard]] virtual std::string text(int column) const = 0;
  [[nodiscard]] virtual bool is_null(int column) const = 0;
};

// One statement with its values. `next` is true for each row, then false.
class Statement {
 public:
  explicit Statement(std::unique_ptr<Cursor> cursor);

  Statement& bind(std::int64_t value);
  Statement& bind(double value);
  Statement& bind(std::string_view value);
  Statement& bind_null();

  [[nodiscard]] Result<bool> next();
  [[nodiscard]] Result<void> run();                 // to its end, without rows
  [[nodiscard]] Result<std::int64_t> run_for_id();  // of an INSERT … RETURNING a number

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double number(int column) const;
  [[nodiscard]] std::string text(int column) const;  // empty for NULL
  [[nodiscard]] bool is_null(int column) const;

 private:
  std::unique_ptr<Cursor> cursor_;
};

class Database {
 public:
  // A file of SQLite. Errors: not_found (no such folder), unreadable.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path);

  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  virtual ~Database() = default;

  [[nodiscard]] virtual Dialect dialect() const = 0;
  [[nodiscard]] virtual Result<Statement> prepare(std::string_view sql) = 0;
  [[nodiscard]] virtual Result<void> run(const std::string& sql) = 0;  // several statements
  [[nodiscard]] virtual Result<void> begin_reading() = 0;              // one state of all tables
  [[nodiscard]] virtual Result<void> begin_writing() = 0;

  // A SELECT whose rows nobody else changes before the transaction ends. Where a writer has all
  // of the database to itself, as it is.
  [[nodiscard]] virtual std::string locking(std::string_view select) const = 0;

  // Waits for other processes, which SQLite itself does not do when the journal changes its kind.
  // Nothing to do for a server.
  [[nodiscard]] virtual Result<void> use_write_ahead_log() = 0;
};

// Undone unless committed. A writer is begun at once: no other writer of the same rows.
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
