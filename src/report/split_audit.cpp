#include <bloodcell/report/split_audit.hpp>

#include "leak_json.hpp"

namespace bloodcell::report {

SplitAudit audit_of(const data::Split& split) {
  SplitAudit audit;
  audit.leaks = data::find_leaks(split);
  audit.doubles = data::find_doubles(split);
  std::erase_if(audit.doubles, [](const auto& same) { return same.parts.size() < 2; });
  audit.conflicts = data::find_conflicts(split);
  for (const auto& leak : audit.leaks) audit.leaking_images += leak.files;
  return audit;
}

nlohmann::ordered_json to_json(const data::Split& split, const SplitAudit& audit) {
  using nlohmann::ordered_json;
  ordered_json document{{"method", split.method},
                        {"families_known", split.has_families},
                        {"images", split.entries.size()},
                        {"leaking_images", audit.leaking_images},
                        {"leaks", ordered_json::array()},
                        {"doubles", json_of(audit.doubles)},
                        {"conflicts", json_of(audit.conflicts)}};
  for (const auto& leak : audit.leaks) {
    document["leaks"].push_back(
        {{"family", leak.family}, {"parts", leak.parts}, {"files", leak.files}});
  }
  return document;
}

}  // namespace bloodcell::report
