// The study as numbers: which trial had which value of which hyperparameter.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <bloodcell/tune/trial.hpp>

namespace bloodcell::tune {

struct Table {
  std::vector<std::string> names;
  std::vector<Distribution> distributions;  // as the latest trial had them
  std::vector<const TrialRecord*> trials;   // in the order of their numbers
  std::vector<double> values;  // [trials][names], inner; NaN where it was not asked for

  [[nodiscard]] double at(std::size_t trial, std::size_t name) const {
    return values[trial * names.size() + name];
  }
};

// Complete and pruned trials, running ones on request; never `but` itself.
[[nodiscard]] Table read_table(const StudyView& study, bool with_running, int but);

// Columns that occur together: a partition of those with something to choose, such that each
// finished trial has all of a group or none of it.
[[nodiscard]] std::vector<std::vector<std::size_t>> groups_of(const Table& table);
// Those that every finished trial has, as one group; none when there are none.
[[nodiscard]] std::vector<std::vector<std::size_t>> common_group_of(const Table& table);

}  // namespace bloodcell::tune
