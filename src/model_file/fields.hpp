// Reading the fields of the metadata, one by one, with words that say which is wrong and why.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include <bloodcell/base/result.hpp>

namespace bloodcell::model_file {

[[nodiscard]] tl::unexpected<Error> bad_field(const std::string& field, const std::string& why);

// 1 to 100 bytes without control characters: names are shown on terminals and pages.
[[nodiscard]] Result<void> check_text(const char* field, const std::string& value);

[[nodiscard]] Result<std::string> text_field(const nlohmann::json& from, const char* field);
[[nodiscard]] Result<double> number_field(const nlohmann::json& from, const char* field, double low,
                                          double high);
[[nodiscard]] Result<std::uint64_t> count_field(const nlohmann::json& from, const char* field,
                                                double most);

}  // namespace bloodcell::model_file
