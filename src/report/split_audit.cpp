#include <bloodcell/report/split_audit.hpp>

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
                        {"doubles", ordered_json::array()},
                        {"conflicts", ordered_json::array()}};
  for (const auto& leak : audit.leaks) {
    document["leaks"].push_back(
        {{"family", leak.family}, {"parts", leak.parts}, {"files", leak.files}});
  }
  for (const auto& same : audit.doubles) {
    document["doubles"].push_back(
        {{"sha256", same.sha256}, {"parts", same.parts}, {"files", same.files}});
  }
  for (const auto& conflict : audit.conflicts) {
    document["conflicts"].push_back({{"by", conflict.by},
                                     {"name", conflict.name},
                                     {"labels", conflict.labels},
                                     {"files", conflict.files}});
  }
  return document;
}

}  // namespace bloodcell::report
