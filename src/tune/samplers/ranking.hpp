// Which trials are better than which.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <bloodcell/tune/trial.hpp>

namespace bloodcell::tune {

// The place of each trial from best (0) to worst, all different: complete ones by value, then
// pruned ones (those that came farther first, then by their last report), then those that violate
// constraints (by how far), then running ones. Several objectives: by front, within a front by
// crowding distance (Deb et al. 2002).
[[nodiscard]] std::vector<std::size_t> ranks_of(std::span<const Direction> directions,
                                                std::span<const TrialRecord* const> trials);

// Front number of each row of values [rows][directions], from 0.
[[nodiscard]] std::vector<std::size_t> fronts_of(std::span<const Direction> directions,
                                                 const std::vector<std::vector<double>>& values);
// Of the rows of one front: the sum over objectives of the gap between its neighbours; infinite at
// the ends.
[[nodiscard]] std::vector<double> crowding_of(const std::vector<std::vector<double>>& values);

}  // namespace bloodcell::tune
