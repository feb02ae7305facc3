// Figures over all thresholds: what a classifier could do if one asked for more or less certainty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <bloodcell/metrics/intervals.hpp>
#include <bloodcell/metrics/predictions.hpp>

namespace bloodcell::metrics {

// One class against the rest, its probability being the score. Points begin at (0, 0); rows of
// equal score make one point.
struct RocPoint {
  double false_positive_rate = 0;
  double true_positive_rate = 0;
  double threshold = 0;  // score ≥ threshold is positive; above 1 at the first point
};
struct RocCurve {
  std::vector<RocPoint> points;
  std::optional<double> area;  // trapezoids: equal scores count half (Hanley and McNeil 1982);
                               // none without both positives and negatives
};
// label in 0 … classes−1. O(n log n).
[[nodiscard]] RocCurve roc_of(const PredictionTable& table, std::size_t label);

struct PrecisionRecallPoint {
  double recall = 0;
  double precision = 1;
  double threshold = 0;
};
// By falling threshold, one point for rows of equal score; no invented end points.
struct PrecisionRecallCurve {
  std::vector<PrecisionRecallPoint> points;
  std::optional<double> average_precision;  // Σ (Rₙ − Rₙ₋₁) Pₙ, no interpolation between points
                                            // (Davis and Goadrich 2006); none without positives
};
[[nodiscard]] PrecisionRecallCurve precision_recall_of(const PredictionTable& table,
                                                       std::size_t label);

// Images whose confidence lies in [low, high), the last bin with its end.
struct ReliabilityBin {
  double low = 0;
  double high = 1;
  std::uint64_t images = 0;
  double mean_confidence = 0;  // 0 for an empty bin, as accuracy
  double accuracy = 0;
  Interval interval;  // Wilson over images
};
[[nodiscard]] std::vector<ReliabilityBin> reliability_of(const PredictionTable& table,
                                                         int bins = 15);

// The most confident share of the images, and how many of them are right.
struct CoveragePoint {
  double coverage = 0;  // (0, 1]
  double accuracy = 0;
  double threshold = 0;  // least confidence among them
};
// By rising coverage, one point for images of equal confidence (El-Yaniv and Wiener 2010).
[[nodiscard]] std::vector<CoveragePoint> coverage_curve(const PredictionTable& table);

// Of the smallest share that is at least so large. coverage in (0, 1]; nothing without rows.
[[nodiscard]] std::optional<CoveragePoint> at_coverage(const std::vector<CoveragePoint>& curve,
                                                       double coverage);

// Mean error over all coverages, each image weighing the same (AURC, Geifman et al. 2019).
[[nodiscard]] double area_under_risk(const PredictionTable& table);

// For each class the least confidence from which on the images called so are right in at least
// `precision` of the cases, on this table; 0 where all are, nothing where no confidence suffices or
// nothing is called so. precision in (0, 1].
[[nodiscard]] std::vector<std::optional<double>> thresholds_for_precision(
    const PredictionTable& table, double precision);

}  // namespace bloodcell::metrics
