// Figures of a classifier. An empty denominator gives 0 as scikit-learn's zero_division=0 does; a
// class without a row is said by its support of 0 and left out of no average (scikit-learn's rule).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <bloodcell/metrics/intervals.hpp>
#include <bloodcell/metrics/predictions.hpp>

namespace bloodcell::metrics {

// counts[truth][predicted]
struct ConfusionMatrix {
  std::vector<std::vector<std::uint64_t>> counts;
};

struct ClassFigures {
  std::string label;
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  std::uint64_t support = 0;         // images
  std::uint64_t families = 0;        // families of that truth
  std::uint64_t families_right = 0;  // of them, by the mean of their images' probabilities
  Interval recall_interval;          // Wilson over families' worth of evidence: see docs/figures.md
};

struct AverageFigures {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
};

struct Share {
  std::uint64_t right = 0;
  std::uint64_t of = 0;
  double value = 0;
  Interval interval;
};

struct Report {
  std::vector<std::string> labels;
  Share image_accuracy;  // interval: bootstrap by family
  Interval
      image_accuracy_wilson;  // as if images were independent: too narrow, shown for comparison
  Share family_accuracy_majority;  // each family votes once, by its images' classes; Wilson
  Share family_accuracy_mean;      // each family by the mean of its images' probabilities; Wilson
  double balanced_accuracy = 0;    // mean recall over classes with support
  AverageFigures macro;
  Interval macro_f1_interval;  // bootstrap by family
  AverageFigures weighted;
  double log_loss = 0;           // natural logarithm, probabilities clipped at 1e-15
  double calibration_error = 0;  // expected calibration error, 15 equal bins of confidence
  std::vector<ClassFigures> classes;
  ConfusionMatrix confusion;
};

// table must pass check(). A family whose rows disagree on the truth is judged by the truth of most
// of its rows (the first of equals). seed: of the bootstrap.
[[nodiscard]] Report evaluate(const PredictionTable& table, std::uint64_t seed,
                              int bootstrap_draws = 1000);

[[nodiscard]] ConfusionMatrix confusion_of(const PredictionTable& table);

// The rows of each family, families in order of first appearance.
[[nodiscard]] std::vector<std::vector<std::size_t>> rows_by_family(const PredictionTable& table);

[[nodiscard]] nlohmann::json to_json(const Report& report);

}  // namespace bloodcell::metrics
