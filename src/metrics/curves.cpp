#include <bloodcell/metrics/curves.hpp>

#include <algorithm>

namespace bloodcell::metrics {

namespace {

struct Scored {
  double score = 0;
  bool is_positive = false;  // of the class, or right
};

// Both counts at the end of each run of equal scores, highest score first.
struct Step {
  double score = 0;
  double positives = 0;
  double negatives = 0;
};

std::vector<Step> steps_of(std::vector<Scored> rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Scored& a, const Scored& b) { return a.score > b.score; });
  std::vector<Step> steps;
  double positives = 0;
  double negatives = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    (rows[i].is_positive ? positives : negatives) += 1;
    const bool ends = i + 1 == rows.size() || rows[i + 1].score != rows[i].score;
    if (ends) steps.push_back({rows[i].score, positives, negatives});
  }
  return steps;
}

std::vector<Step> steps_of_class(const PredictionTable& table, std::size_t label) {
  std::vector<Scored> rows;
  rows.reserve(table.rows.size());
  for (const auto& row : table.rows) {
    rows.push_back({row.probabilities[label], static_cast<std::size_t>(row.truth) == label});
  }
  return steps_of(std::move(rows));
}

std::vector<Step> steps_of_confidence(const PredictionTable& table) {
  std::vector<Scored> rows;
  rows.reserve(table.rows.size());
  for (const auto& row : table.rows) {
    rows.push_back({row.confidence(), row.predicted() == row.truth});
  }
  return steps_of(std::move(rows));
}

}  // namespace

RocCurve roc_of(const PredictionTable& table, std::size_t label) {
  const auto steps = steps_of_class(table, label);
  RocCurve curve;
  curve.points.push_back({0, 0, 2});
  if (steps.empty()) return curve;
  const double positives = steps.back().positives;
  const double negatives = steps.back().negatives;
  double area = 0;
  Step last;
  for (const Step& step : steps) {
    curve.points.push_back({negatives > 0 ? step.negatives / negatives : 0,
                            positives > 0 ? step.positives / positives : 0, step.score});
    area += (step.negatives - last.negatives) * (step.positives + last.positives) / 2;
    last = step;
  }
  if (positives > 0 && negatives > 0) curve.area = area / (positives * negatives);
  return curve;
}

PrecisionRecallCurve precision_recall_of(const PredictionTable& table, std::size_t label) {
  const auto steps = steps_of_class(table, label);
  PrecisionRecallCurve curve;
  const double positives = steps.empty() ? 0 : steps.back().positives;
  if (positives == 0) return curve;
  double sum = 0;
  double last_recall = 0;
  for (const Step& step : steps) {
    const double recall = step.positives / positives;
    const double precision = step.positives / (step.positives + step.negatives);
    sum += (recall - last_recall) * precision;
    last_recall = recall;
    curve.points.push_back({recall, precision, step.score});
  }
  curve.average_precision = sum;
  return curve;
}

std::vector<ReliabilityBin> reliability_of(const PredictionTable& table, int bins) {
  std::vector<ReliabilityBin> found(static_cast<std::size_t>(bins));
  std::vector<std::uint64_t> right(found.size());
  for (std::size_t bin = 0; bin < found.size(); ++bin) {
    found[bin].low = static_cast<double>(bin) / bins;
    found[bin].high = static_cast<double>(bin + 1) / bins;
  }
  for (const auto& row : table.rows) {
    const double confidence = row.confidence();
    const auto bin =
        static_cast<std::size_t>(std::clamp(static_cast<int>(confidence * bins), 0, bins - 1));
    ++found[bin].images;
    found[bin].mean_confidence += confidence;
    right[bin] += row.predicted() == row.truth ? 1 : 0;
  }
  for (std::size_t bin = 0; bin < found.size(); ++bin) {
    if (found[bin].images == 0) continue;
    const auto images = static_cast<double>(found[bin].images);
    found[bin].mean_confidence /= images;
    found[bin].accuracy = static_cast<double>(right[bin]) / images;
    found[bin].interval = wilson(right[bin], found[bin].images);
  }
  return found;
}

std::vector<CoveragePoint> coverage_curve(const PredictionTable& table) {
  const auto all = static_cast<double>(table.rows.size());
  std::vector<CoveragePoint> curve;
  for (const Step& step : steps_of_confidence(table)) {
    const double taken = step.positives + step.negatives;
    curve.push_back({taken / all, step.positives / taken, step.score});
  }
  return curve;
}

std::optional<CoveragePoint> at_coverage(const std::vector<CoveragePoint>& curve, double coverage) {
  constexpr double kRounding = 1e-12;
  for (const auto& point : curve) {
    if (point.coverage >= coverage - kRounding) return point;
  }
  return std::nullopt;
}

double area_under_risk(const PredictionTable& table) {
  double area = 0;
  double last_coverage = 0;
  for (const auto& point : coverage_curve(table)) {
    area += (point.coverage - last_coverage) * (1 - point.accuracy);
    last_coverage = point.coverage;
  }
  return area;
}

std::vector<std::optional<double>> thresholds_for_precision(const PredictionTable& table,
                                                            double precision) {
  std::vector<std::optional<double>> thresholds;
  for (std::size_t label = 0; label < table.labels.size(); ++label) {
    std::vector<Scored> rows;
    for (const auto& row : table.rows) {
      if (static_cast<std::size_t>(row.predicted()) != label) continue;
      rows.push_back({row.confidence(), row.predicted() == row.truth});
    }
    std::optional<double> least;
    const auto steps = steps_of(std::move(rows));
    for (const Step& step : steps) {
      if (step.positives / (step.positives + step.negatives) >= precision) least = step.score;
    }
    if (least && *least == steps.back().score) least = 0;
    thresholds.push_back(least);
  }
  return thresholds;
}

}  // namespace bloodcell::metrics
