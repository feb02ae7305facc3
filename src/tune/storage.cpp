#include <bloodcell/tune/storage.hpp>

#include <charconv>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

namespace bloodcell::tune {
namespace {

constexpr std::string_view kConstraints = "constraints";

}  // namespace

std::string constraint_key(std::string_view name) {
  return fmt::format("{}:{}", kConstraints, name);
}

std::string number_to_json(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return nlohmann::json(value).dump();
}

std::optional<double> number_from_json(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

void read_constraints(TrialRecord& trial) {
  for (const auto& [key, text] : trial.system_attributes) {
    if (key == kConstraints) {
      const auto list = nlohmann::json::parse(text, nullptr, false);
      if (!list.is_array()) continue;
      for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i].is_number()) trial.constraints[std::to_string(i)] = list[i].get<double>();
      }
    } else if (key.starts_with(constraint_key(""))) {
      if (const auto value = number_from_json(text))
        trial.constraints[key.substr(constraint_key("").size())] = *value;
    }
  }
}

}  // namespace bloodcell::tune
