// Which hyperparameters mattered.
#pragma once

#include <string>
#include <vector>

#include <bloodcell/tune/trial.hpp>

namespace bloodcell::tune {

struct Importance {
  std::string name;
  double share = 0;  // of all, sum 1
};

// PED-ANOVA (Watanabe, Bansal and Hutter 2023): how far the best tenth of the complete trials (at
// least two) is spread otherwise over a parameter than all of them are, measured by Pearson's
// divergence of two histograms of ten bins or one a choice, each with one count spread over its
// bins. Over all trials that had the parameter. From the most important on; empty with fewer than
// ten complete trials or several objectives.
[[nodiscard]] std::vector<Importance> importances(const StudyView& study);

// Where the value lies in its range, [0, 1]: by position for choices, in the logarithm where it is
// one.
[[nodiscard]] double share_of_range(const Parameter& parameter);

}  // namespace bloodcell::tune
