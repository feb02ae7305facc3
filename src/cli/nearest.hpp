// The name that was probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bloodcell::cli {

// Single letters inserted, dropped, changed, or swapped with their neighbour that lead from a to b
// (optimal string alignment; Damerau 1964). O(|a| × |b|).
[[nodiscard]] std::size_t typing_distance(std::string_view a, std::string_view b);

// The nearest of the names, the first of equals; empty when none is near enough to be a slip:
// at most one letter in three, or the start of just one name.
[[nodiscard]] std::string nearest(std::string_view name, const std::vector<std::string>& names);

// `did you mean --threads?`, or `otherwise` when nothing is near.
[[nodiscard]] std::string did_you_mean(std::string_view name, const std::vector<std::string>& names,
                                       std::string otherwise);

}  // namespace bloodcell::cli
