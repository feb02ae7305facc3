// How Optuna writes numbers, times and states into its columns.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <bloodcell/base/result.hpp>
#include <bloodcell/database/database.hpp>
#include <bloodcell/tune/trial.hpp>

namespace bloodcell::tune {

using database::Database;
using database::Statement;

// Infinities and NaN are a word in the column beside an empty number.
[[nodiscard]] std::string_view number_type(double value);
void bind_number(Statement& statement, double value);  // the number and its type
[[nodiscard]] Result<double> number_of(const Statement& row, int column);

// UTC, `2026-11-26 01:27:25.937684`.
[[nodiscard]] std::string time_text(Time time);
[[nodiscard]] std::optional<Time> time_of(std::string_view text);

[[nodiscard]] std::string_view state_text(TrialState state);
[[nodiscard]] Result<TrialState> state_of(std::string_view text);
[[nodiscard]] std::string_view direction_text(Direction direction);
[[nodiscard]] Result<Direction> direction_of(std::string_view text);

}  // namespace bloodcell::tune
