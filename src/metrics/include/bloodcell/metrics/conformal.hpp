// Sets of classes that hold the true one as often as stated, whatever the classifier, as long as
// cells to come are like those it was fitted on (split conformal prediction: Vovk et al. 2005;
// Angelopoulos and Bates 2023, "Conformal prediction: a gentle introduction").
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <bloodcell/metrics/classification.hpp>
#include <bloodcell/metrics/predictions.hpp>

namespace bloodcell::metrics {

// How ill a class fits a row of probabilities p.
enum class ConformalScore {
  lac,   // 1 − p of the class (Sadinle et al. 2019): the smallest sets on the average
  aps,   // p of the class and of all more probable ones (Romano et al. 2020), not randomised:
         // larger sets where the picture is hard, rather than missed ones
  raps,  // aps with a penalty on classes far down the order (Angelopoulos et al. 2021)
};
[[nodiscard]] std::string_view name_of(ConformalScore score);

struct ConformalRule {
  ConformalScore score = ConformalScore::lac;
  double coverage = 0.95;   // stated share of sets that hold the true class, (0, 1)
  double threshold = 1;     // a class is in the set if its score is at most this
  double penalty = 0.01;    // of raps: for each place beyond `free_places`
  int free_places = 2;      // of raps
  std::uint64_t units = 0;  // independent families the threshold was fitted on
};

// label in 0 … p.size()−1. Equal probabilities stand in the order of the labels.
[[nodiscard]] double conformal_score(std::span<const double> p, int label,
                                     const ConformalRule& rule);

// The ⌈(n + 1) · coverage⌉-th smallest of n scores, which makes the coverage hold for finite n;
// nothing when that is more than n: fewer than coverage / (1 − coverage) scores.
[[nodiscard]] std::optional<double> conformal_quantile(std::vector<double> scores, double coverage);

// Fits rule.threshold and rule.units on one row of each family (its first), since only families are
// exchangeable. Nothing when there are too few.
[[nodiscard]] std::optional<ConformalRule> fit_conformal(const PredictionTable& table,
                                                         ConformalRule rule);

// The classes in the set, most probable first; the most probable one always belongs, which can only
// raise the coverage.
[[nodiscard]] std::vector<int> prediction_set(std::span<const double> p, const ConformalRule& rule);

struct SetFigures {
  Share coverage;  // sets that hold the true class; Wilson over rows
  double mean_size = 0;
  double single_share = 0;             // sets of one class
  std::vector<std::uint64_t> by_size;  // [0] is always 0
};
[[nodiscard]] SetFigures judge_sets(const PredictionTable& table, const ConformalRule& rule);

}  // namespace bloodcell::metrics
