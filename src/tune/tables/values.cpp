#include "values.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>

namespace bloodcell::tune {
namespace {

constexpr std::array<std::pair<TrialState, std::string_view>, 5> kStates{
    {{TrialState::running, "RUNNING"},
     {TrialState::complete, "COMPLETE"},
     {TrialState::pruned, "PRUNED"},
     {TrialState::failed, "FAIL"},
     {TrialState::waiting, "WAITING"}}};

}  // namespace

std::string_view number_type(double value) {
  if (std::isnan(value)) return "NAN";
  if (std::isinf(value)) return value > 0 ? "INF_POS" : "INF_NEG";
  return "FINITE";
}

void bind_number(Statement& statement, double value) {
  if (std::isfinite(value)) {
    statement.bind(value);
  } else {
    statement.bind_null();
  }
  statement.bind(number_type(value));
}

Result<double> number_of(const Statement& row, int column) {
  const std::string type = row.text(column + 1);
  if (type == "FINITE") return row.number(column);
  if (type == "INF_POS") return std::numeric_limits<double>::infinity();
  if (type == "INF_NEG") return -std::numeric_limits<double>::infinity();
  if (type == "NAN") return std::numeric_limits<double>::quiet_NaN();
  return fail(ErrorCode::malformed, fmt::format("a value of the unknown type {}", type));
}

std::string time_text(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<Time> time_of(std::string_view text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  double second = 0;
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "%d-%u-%u %d:%d:%lf", &year, &month, &day, &hour, &minute,
                  &second) != 6)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok() || !(second >= 0 && second < 62)) return std::nullopt;
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::microseconds(std::llround(second * 1e6));
}

std::string_view state_text(TrialState state) {
  for (const auto& [known, text] : kStates) {
    if (known == state) return text;
  }
  return "FAIL";
}

Result<TrialState> state_of(std::string_view text) {
  for (const auto& [state, known] : kStates) {
    if (known == text) return state;
  }
  return fail(ErrorCode::malformed, fmt::format("a trial in the unknown state {}", text));
}

std::string_view direction_text(Direction direction) {
  return direction == Direction::minimize ? "MINIMIZE" : "MAXIMIZE";
}

Result<Direction> direction_of(std::string_view text) {
  if (text == "MINIMIZE") return Direction::minimize;
  if (text == "MAXIMIZE") return Direction::maximize;
  return fail(ErrorCode::malformed, fmt::format("a study with the direction {}", text));
}

}  // namespace bloodcell::tune
