// An epoch's figures read from JSON and written as the history files have them.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <bloodcell/base/result.hpp>
#include <bloodcell/train/run_directory.hpp>

namespace bloodcell::train {

// Errors: malformed, naming the field.
[[nodiscard]] Result<EpochRecord> record_from_json(const nlohmann::json& json);

[[nodiscard]] std::string history_as_lines(const std::vector<EpochRecord>& history);
[[nodiscard]] Result<std::vector<EpochRecord>> history_from_lines(std::string_view text);
[[nodiscard]] std::string history_as_csv(const std::vector<EpochRecord>& history);
// One row an epoch and class. labels: as many as each record has classes.
[[nodiscard]] std::string class_history_as_csv(const std::vector<EpochRecord>& history,
                                               const std::vector<std::string>& labels);

}  // namespace bloodcell::train
