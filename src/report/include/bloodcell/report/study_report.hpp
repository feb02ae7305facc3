// A search for settings as a page: how it went, what mattered, what was best.
#pragma once

#include <string>
#include <vector>

#include <bloodcell/tune/trial.hpp>

namespace bloodcell::report {

struct SearchedStudy {
  std::string name;
  std::vector<std::string> objectives;  // what each value is, as validation_macro_f1
  std::vector<tune::Direction> directions;
  std::vector<tune::TrialRecord> trials;
};

struct StudyPageOptions {
  bool complete_only = false;  // leave pruned, failed and running trials out of plots and table
  std::size_t best_only = 0;   // so many of the best trials; 0: all
};

// History, reports by step, importance, slices, the two that matter most against each other,
// parallel coordinates, the Pareto front of several objectives, a timeline, all trials. Plots of a
// great study show its latest 500 trials. Thread-safe.
[[nodiscard]] std::string page_of(const SearchedStudy& study, const StudyPageOptions& options);

}  // namespace bloodcell::report
