#include <bloodcell/database/database.hpp>

#include <utility>

namespace bloodcell::database {

Statement::Statement(std::unique_ptr<Cursor> cursor) : cursor_(std::move(cursor)) {}

Statement& Statement::bind(std::int64_t value) {
  cursor_->bind(value);
  return *this;
}

Statement& Statement::bind(double value) {
  cursor_->bind(value);
  return *this;
}

Statement& Statement::bind(std::string_view value) {
  cursor_->bind(value);
  return *this;
}

Statement& Statement::bind_null() {
  cursor_->bind_null();
  return *this;
}

Result<bool> Statement::next() { return cursor_->next(); }

Result<void> Statement::run() {
  BC_ASSIGN(const bool has_row, next());
  static_cast<void>(has_row);
  return {};
}

Result<std::int64_t> Statement::run_for_id() {
  BC_ASSIGN(const bool has_row, next());
  if (!has_row) return fail(ErrorCode::internal, "a statement that returned no number");
  return integer(0);
}

std::int64_t Statement::integer(int column) const { return cursor_->integer(column); }

double Statement::number(int column) const { return cursor_->number(column); }

std::string Statement::text(int column) const { return cursor_->text(column); }

bool Statement::is_null(int column) const { return cursor_->is_null(column); }

Result<Transaction> Transaction::begin(Database& database, Kind kind) {
  BC_CHECK(kind == Kind::write ? database.begin_writing() : database.begin_reading());
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // Undoing cannot fail in a way that matters: what is stored is as it was before.
  if (database_ != nullptr) static_cast<void>(database_->run("ROLLBACK"));
}

Result<void> Transaction::commit() {
  BC_CHECK(database_->run("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace bloodcell::database
