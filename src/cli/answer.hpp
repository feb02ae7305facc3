// How verbs end: the JSON document, the word on what was left out.
#pragma once

#include <filesystem>
#include <vector>

#include <nlohmann/json.hpp>

#include <bloodcell/cli/application.hpp>

namespace bloodcell::cli {

inline constexpr int kSomeUnreadable = 3;

// Indented; text that is not UTF-8 gets U+FFFD where it is broken.
[[nodiscard]] std::string to_text(const nlohmann::ordered_json& document);

// [{"code", "message", "path", "remedy"}]
[[nodiscard]] nlohmann::ordered_json to_json(const std::vector<Error>& problems);

// Warns of the first few and counts the rest. Returns the exit status: 0, or 3 when there are any.
[[nodiscard]] int report_problems(const Job& job, const std::vector<Error>& problems);

// Makes the common mistake a clear one: an output that is also an input, a folder, or empty.
[[nodiscard]] Result<void> check_output(const std::filesystem::path& output,
                                        const std::filesystem::path& input);

}  // namespace bloodcell::cli
