#include <bloodcell/database/postgres.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "libpq.hpp"

namespace bloodcell::database {
namespace {

constexpr std::string_view kScheme = "://";
constexpr int kReconnects = 30;  // a second each: as long as a server takes to begin again

// Times and numbers as we read them; a worker whose machine is gone holds no row for ever.
constexpr const char* kSession =
    "SET datestyle TO ISO; SET extra_float_digits TO 3; SET standard_conforming_strings TO on; "
    "SET lock_timeout TO '60s'; SET idle_in_transaction_session_timeout TO '60s'";

struct Failure {
  ErrorCode code;
  const char* remedy;
};

// By the class or the whole of PostgreSQL's five letters (its appendix A).
Failure failure_of(std::string_view state) {
  if (state == "23505") return {ErrorCode::usage, ""};  // the name is taken
  if (state == "22001") return {ErrorCode::limit_exceeded, "take a shorter text"};
  if (state == "42501") return {ErrorCode::unreadable, "grant the user what the study needs"};
  if (state == "55P03") return {ErrorCode::unreadable, "another program holds the study; end it"};
  if (state.starts_with("28")) return {ErrorCode::unreadable, "check the user and the password"};
  if (state.starts_with("42") || state.starts_with("22")) return {ErrorCode::malformed, ""};
  return {ErrorCode::unreadable, ""};
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

// `?` becomes `$1`, `$2`, …
std::string numbered(std::string_view sql) {
  std::string text;
  int count = 0;
  bool is_quoted = false;
  for (const char c : sql) {
    if (c == '\'') is_quoted = !is_quoted;
    if (c == '?' && !is_quoted) {
      text += fmt::format("${}", ++count);
    } else {
      text += c;
    }
  }
  return text;
}

class Connection {
 public:
  Connection(const Libpq& pq, PGconn* handle, std::string url, std::string shown)
      : pq_(pq), handle_(handle), url_(std::move(url)), shown_(std::move(shown)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { pq_.finish(handle_); }

  [[nodiscard]] const Libpq& pq() const { return pq_; }
  [[nodiscard]] PGconn* handle() const { return handle_; }
  [[nodiscard]] bool is_lost() const { return pq_.status(handle_) != CONNECTION_OK; }

  [[nodiscard]] Result<void> run(const char* sql) {
    return checked(pq_.exec(handle_, sql), [this](PGresult* result) { pq_.clear(result); });
  }

  // Hands a good result to `keep`, which frees it in the end.
  template <class Keep>
  [[nodiscard]] Result<void> checked(PGresult* result, const Keep& keep) {
    const auto status = pq_.result_status(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
      keep(result);
      return {};
    }
    const char* const state = pq_.result_error_field(result, PG_DIAG_SQLSTATE);
    const char* const message = pq_.result_error_field(result, PG_DIAG_MESSAGE_PRIMARY);
    Error found = error(state, message != nullptr ? message : pq_.error_message(handle_));
    pq_.clear(result);
    return tl::unexpected(std::move(found));
  }

  [[nodiscard]] Result<void> set_up() {
    if (is_lost()) return tl::unexpected(error(nullptr, pq_.error_message(handle_)));
    return run(kSession);
  }

  // The server was away: asks until it is there again.
  [[nodiscard]] Result<void> restore() {
    Result<void> ready;
    for (int i = 0; i < kReconnects; ++i) {
      if (i > 0) std::this_thread::sleep_for(std::chrono::seconds(1));
      pq_.reset(handle_);
      ready = set_up();
      if (ready) break;
    }
    return ready;
  }

 private:
  // Messages may repeat the URL, with a password in it.
  [[nodiscard]] Error error(const char* state, std::string_view message) const {
    const Failure failure = failure_of(state != nullptr ? state : "");
    std::string told = first_line(message);
    if (const auto at = told.find(url_); at != std::string::npos)
      told.replace(at, url_.size(), shown_);
    const char* const remedy =
        state == nullptr ? "see that the server runs and the URL names it" : failure.remedy;
    return {failure.code, "PostgreSQL: " + told, shown_, remedy};
  }

  const Libpq& pq_;
  PGconn* handle_;
  std::string url_;
  std::string shown_;
};

// The whole answer is here after the first `next`, so that others may be asked in between.
class PostgresCursor final : public Cursor {
 public:
  PostgresCursor(Connection& connection, std::string sql)
      : connection_(connection), sql_(std::move(sql)) {}
  ~PostgresCursor() override { connection_.pq().clear(answer_); }

  void bind(std::int64_t value) override { values_.emplace_back(std::to_string(value)); }
  void bind(double value) override { values_.emplace_back(fmt::format("{}", value)); }
  void bind(std::string_view value) override {
    has_nul_ = has_nul_ || value.find('\0') != std::string_view::npos;
    values_.emplace_back(std::string(value));
  }
  void bind_null() override { values_.emplace_back(std::nullopt); }

  Result<bool> next() override {
    if (answer_ == nullptr) BC_CHECK(ask());
    return ++row_ < connection_.pq().row_count(answer_);
  }

  std::int64_t integer(int column) const override { return read<std::int64_t>(column); }
  double number(int column) const override { return read<double>(column); }
  std::string text(int column) const override {
    return {connection_.pq().value(answer_, row_, column),
            static_cast<std::size_t>(connection_.pq().length(answer_, row_, column))};
  }
  bool is_null(int column) const override {
    return connection_.pq().is_null(answer_, row_, column) == 1;
  }

 private:
  Result<void> ask() {
    if (has_nul_) return fail(ErrorCode::usage, "a text with a zero byte in it");
    std::vector<const char*> texts;
    for (const auto& value : values_) texts.push_back(value ? value->c_str() : nullptr);
    return connection_.checked(connection_.pq().exec_params(connection_.handle(), sql_.c_str(),
                                                            static_cast<int>(texts.size()), nullptr,
                                                            texts.data(), nullptr, nullptr, 0),
                               [&](PGresult* answer) { answer_ = answer; });
  }

  // 0 for NULL, as SQLite has it.
  template <class Number>
  Number read(int column) const {
    const std::string told = text(column);
    Number number{};
    std::from_chars(told.data(), told.data() + told.size(), number);
    return number;
  }

  Connection& connection_;
  std::string sql_;
  std::vector<std::optional<std::string>> values_;
  bool has_nul_ = false;
  PGresult* answer_ = nullptr;
  int row_ = -1;
};

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(std::unique_ptr<Connection> connection)
      : connection_(std::move(connection)) {}

  Dialect dialect() const override { return Dialect::postgres; }
  Result<Statement> prepare(std::string_view sql) override {
    return Statement(std::make_unique<PostgresCursor>(*connection_, numbered(sql)));
  }
  Result<void> run(const std::string& sql) override { return connection_->run(sql.c_str()); }
  Result<void> begin_reading() override {
    return begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  }
  Result<void> begin_writing() override { return begin("BEGIN ISOLATION LEVEL READ COMMITTED"); }
  std::string locking(std::string_view select) const override {
    return std::string(select) + " FOR UPDATE";
  }
  Result<void> use_write_ahead_log() override { return {}; }

 private:
  // Nothing is done yet: a lost connection is no loss.
  Result<void> begin(const char* sql) {
    const auto begun = connection_->run(sql);
    if (begun || !connection_->is_lost()) return begun;
    BC_CHECK(connection_->restore());
    return connection_->run(sql);
  }

  std::unique_ptr<Connection> connection_;
};

// As libpq knows it: without the driver that SQLAlchemy names.
std::string plain(std::string_view url) {
  const auto end = url.find(kScheme);
  return std::string(url.substr(0, std::min(url.find('+'), end))) + std::string(url.substr(end));
}

}  // namespace

bool is_postgres_url(std::string_view text) {
  const auto end = text.find(kScheme);
  if (end == std::string_view::npos) return false;
  const auto scheme = text.substr(0, std::min(text.find('+'), end));
  return scheme == "postgresql" || scheme == "postgres";
}

std::string without_password(std::string_view url) {
  constexpr std::string_view kKey = "password=";
  std::string shown(url);
  if (const auto key = shown.find(kKey); key != std::string::npos) {
    const auto from = key + kKey.size();
    const auto end = std::min(shown.find('&', from), shown.size());
    shown.replace(from, end - from, "…");
  }
  const auto begin = shown.find(kScheme);
  if (begin == std::string::npos) return shown;
  const auto host = shown.find_first_of("/?", begin + kScheme.size());
  const auto at = shown.substr(0, host).rfind('@');
  const auto colon = shown.find(':', begin + kScheme.size());
  if (at == std::string::npos || colon >= at) return shown;
  return shown.erase(colon, at - colon);
}

Result<std::unique_ptr<Database>> open_postgres(std::string_view url) {
  BC_ASSIGN(const auto* pq, load_libpq());
  const std::string named = plain(url);
  // What comes after the URL cannot be set in it; what comes before can.
  const std::array<const char*, 6> keys{"connect_timeout", "tcp_user_timeout",          "dbname",
                                        "client_encoding", "fallback_application_name", nullptr};
  const std::array<const char*, 6> values{"10",   "60000",     named.c_str(),
                                          "UTF8", "bloodcell", nullptr};
  auto connection = std::make_unique<Connection>(*pq, pq->connect(keys.data(), values.data(), 1),
                                                 named, without_password(url));
  pq->set_notice_processor(connection->handle(), [](void*, const char*) {}, nullptr);
  BC_CHECK(connection->set_up());
  return std::make_unique<PostgresDatabase>(std::move(connection));
}

}  // namespace bloodcell::database
