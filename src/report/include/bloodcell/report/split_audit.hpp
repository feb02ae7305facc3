// The leak audit of a split: what its parts share that they must not.
#pragma once

#include <cstddef>
#include <vector>

#include <nlohmann/json.hpp>

#include <bloodcell/data/audit.hpp>
#include <bloodcell/data/split.hpp>

namespace bloodcell::report {

struct SplitAudit {
  std::vector<data::Leak> leaks;
  std::size_t leaking_images = 0;
  std::vector<data::Double> doubles;  // that stand in several parts
  std::vector<data::Conflict> conflicts;
};
[[nodiscard]] SplitAudit audit_of(const data::Split& split);

// {"method", "families_known", "images", "leaking_images", "leaks", "doubles", "conflicts"}
[[nodiscard]] nlohmann::ordered_json to_json(const data::Split& split, const SplitAudit& audit);

}  // namespace bloodcell::report
