// Files of one content, and labels that contradict, as our JSON documents list them.
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include <bloodcell/data/audit.hpp>

namespace bloodcell::report {

[[nodiscard]] inline nlohmann::ordered_json json_of(const std::vector<data::Double>& doubles) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& same : doubles) {
    list.push_back({{"sha256", same.sha256}, {"parts", same.parts}, {"files", same.files}});
  }
  return list;
}

[[nodiscard]] inline nlohmann::ordered_json json_of(const std::vector<data::Conflict>& conflicts) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& conflict : conflicts) {
    list.push_back({{"by", conflict.by},
                    {"name", conflict.name},
                    {"labels", conflict.labels},
                    {"files", conflict.files}});
  }
  return list;
}

}  // namespace bloodcell::report
