// The figures of parts of a table, and of two tables side by side.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/metrics/classification.hpp>
#include <bloodcell/metrics/predictions.hpp>

namespace bloodcell::metrics {

struct SourceFigures {
  std::string source;  // empty: rows that name none
  std::uint64_t families = 0;
  Share accuracy;  // of images; interval as Report::image_accuracy
  double balanced_accuracy = 0;
};
// By name. seed: of the bootstrap.
[[nodiscard]] std::vector<SourceFigures> figures_by_source(const PredictionTable& table,
                                                           std::uint64_t seed,
                                                           int bootstrap_draws = 1000);

struct FamilyFigures {
  std::string family;
  int truth = 0;                  // of most of its rows
  int by_mean = 0;                // by the mean of its rows' probabilities
  std::uint64_t right = 0;        // rows
  std::vector<std::size_t> rows;  // positions in the table
};
// Those with the smallest share of right rows first, then by name.
[[nodiscard]] std::vector<FamilyFigures> figures_by_family(const PredictionTable& table);

// The rows that are wrong, the most confident first; at most one of a family.
[[nodiscard]] std::vector<std::size_t> confident_mistakes(const PredictionTable& table);

// Two classifiers on the same files.
struct Comparison {
  std::uint64_t rows = 0;      // files that both tables have
  std::uint64_t families = 0;  // of those rows
  double accuracy = 0;         // of those rows
  double reference_accuracy = 0;
  Interval difference;               // accuracy − reference_accuracy, bootstrap by family
  std::uint64_t only_this = 0;       // families only this one gets right, by mean probability
  std::uint64_t only_reference = 0;  // families only the reference gets right
  double p_value = 1;                // exact McNemar test (1947) over families, two-sided
};
// The reference's truths and families are not used. Errors: mismatch (labels that differ, no file
// in both).
[[nodiscard]] Result<Comparison> compare(const PredictionTable& table,
                                         const PredictionTable& reference, std::uint64_t seed,
                                         int bootstrap_draws = 1000);

// Two-sided exact p of McNemar's test: b and c are the pairs in which one alone is right.
[[nodiscard]] double mcnemar_p(std::uint64_t b, std::uint64_t c);

}  // namespace bloodcell::metrics
