// Studies and trials from and to their tables. All of them inside a transaction of the caller.
#pragma once

#include <cstdint>
#include <vector>

#include <bloodcell/database/database.hpp>
#include <bloodcell/tune/storage.hpp>

namespace bloodcell::tune {

using database::Database;

[[nodiscard]] Result<std::vector<StudyInfo>> read_studies(Database& database);

// Trials of a study with an id above `after`, in the order of their ids.
[[nodiscard]] Result<std::vector<TrialRecord>> read_trials(Database& database, std::int64_t study,
                                                           std::int64_t after);
[[nodiscard]] Result<TrialRecord> read_trial(Database& database, std::int64_t id);  // not_found
// The state, which nobody else changes before the transaction ends. Errors: not_found.
[[nodiscard]] Result<TrialState> lock_state(Database& database, std::int64_t id);

// Gives the trial its id and number.
[[nodiscard]] Result<void> insert_trial(Database& database, std::int64_t study, TrialRecord& trial);
[[nodiscard]] Result<void> insert_parameter(Database& database, std::int64_t trial,
                                            const Parameter& parameter);
[[nodiscard]] Result<void> put_report(Database& database, std::int64_t trial, int step,
                                      double value);
[[nodiscard]] Result<void> put_value(Database& database, std::int64_t trial, std::size_t objective,
                                     double value);
[[nodiscard]] Result<void> put_attribute(Database& database, std::int64_t trial, AttributeKind kind,
                                         const std::string& key, const std::string& json);

}  // namespace bloodcell::tune
