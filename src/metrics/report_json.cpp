#include <nlohmann/json.hpp>

#include <bloodcell/metrics/classification.hpp>

namespace bloodcell::metrics {

using nlohmann::json;

namespace {

json json_of(const Interval& interval) { return {interval.low, interval.high}; }

json json_of(const Share& share) {
  return {{"value", share.value},
          {"right", share.right},
          {"of", share.of},
          {"interval_95", json_of(share.interval)}};
}

json json_of(const AverageFigures& figures) {
  return {{"precision", figures.precision}, {"recall", figures.recall}, {"f1", figures.f1}};
}

json json_of(const ClassFigures& figures) {
  return {{"label", figures.label},
          {"precision", figures.precision},
          {"recall", figures.recall},
          {"recall_interval_95", json_of(figures.recall_interval)},
          {"f1", figures.f1},
          {"images", figures.support},
          {"families", figures.families},
          {"families_right", figures.families_right}};
}

}  // namespace

json to_json(const Report& report) {
  json classes = json::array();
  for (const auto& figures : report.classes) classes.push_back(json_of(figures));
  return {{"labels", report.labels},
          {"image_accuracy", json_of(report.image_accuracy)},
          {"image_accuracy_wilson_95", json_of(report.image_accuracy_wilson)},
          {"family_accuracy_majority", json_of(report.family_accuracy_majority)},
          {"family_accuracy_mean", json_of(report.family_accuracy_mean)},
          {"balanced_accuracy", report.balanced_accuracy},
          {"macro", json_of(report.macro)},
          {"macro_f1_interval_95", json_of(report.macro_f1_interval)},
          {"weighted", json_of(report.weighted)},
          {"log_loss", report.log_loss},
          {"calibration_error", report.calibration_error},
          {"classes", classes},
          {"confusion", report.confusion.counts}};
}

}  // namespace bloodcell::metrics
