// Reviews as the routes tell them.
#pragma once

#include <nlohmann/json.hpp>

#include <bloodcell/differential/differential.hpp>
#include <bloodcell/review/review.hpp>

#include "groups.hpp"

namespace bloodcell::serve {

[[nodiscard]] nlohmann::ordered_json to_json(const review::Summary& summary);
[[nodiscard]] nlohmann::ordered_json to_json(const review::Picture& picture);
[[nodiscard]] nlohmann::ordered_json to_json(const review::Cell& cell,
                                             const std::vector<std::string>& labels);
[[nodiscard]] nlohmann::ordered_json to_json(const review::Entry& entry);

// `before` and `after` review, as `bloodcell differential` writes a count. Errors: those of
// differentiate().
[[nodiscard]] Result<nlohmann::ordered_json> counts_of(const review::Case& of,
                                                       const differential::Settings& settings);
[[nodiscard]] Result<nlohmann::ordered_json> count_json(const differential::Counts& counts,
                                                        const differential::Settings& settings,
                                                        std::string_view name,
                                                        std::string_view model);

}  // namespace bloodcell::serve
