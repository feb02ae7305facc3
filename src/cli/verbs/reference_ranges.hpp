// Reference ranges from a file, as TOML: source = "…" and a table [percent] of label = [low, high].
#pragma once

#include <string>
#include <vector>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/differential/differential.hpp>

namespace bloodcell::cli {

// Nothing for an empty name. Errors: those of read_text, malformed.
[[nodiscard]] Result<void> read_ranges(const std::string& file, const Limits& limits,
                                       differential::Settings& settings);

// Errors: malformed: a range of no class of the model.
[[nodiscard]] Result<void> check_ranges(const differential::Settings& settings,
                                        const std::vector<std::string>& labels,
                                        const std::string& file);

}  // namespace bloodcell::cli
