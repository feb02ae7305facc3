#include <algorithm>

#include <fmt/format.h>

#include <bloodcell/metrics/curves.hpp>
#include <bloodcell/report/curve_svg.hpp>
#include <bloodcell/report/evaluation_report.hpp>

namespace bloodcell::report {

namespace {

MatrixPlot matrix_of(const JudgedModel& judged, bool as_percent) {
  MatrixPlot plot{as_percent ? "Confusion, percent of each truth" : "Confusion, images",
                  judged.report.labels,
                  {},
                  as_percent};
  for (const auto& row : judged.report.confusion.counts) {
    plot.values.emplace_back(row.begin(), row.end());
  }
  return plot;
}

CurvePlot roc_plot(const JudgedModel& judged) {
  CurvePlot plot{"ROC, one class against the rest", "called so, of the others",
                 "found, of the class"};
  plot.has_diagonal = true;
  for (std::size_t c = 0; c < judged.report.labels.size(); ++c) {
    const auto roc = metrics::roc_of(judged.table, c);
    if (!roc.area) continue;
    Curve curve{judged.report.labels[c], {}};
    for (const auto& point : roc.points) {
      curve.points.push_back({point.false_positive_rate, point.true_positive_rate});
    }
    plot.curves.push_back(std::move(curve));
  }
  return plot;
}

CurvePlot precision_recall_plot(const JudgedModel& judged) {
  CurvePlot plot{"Precision and recall", "recall", "precision"};
  for (std::size_t c = 0; c < judged.report.labels.size(); ++c) {
    const auto found = metrics::precision_recall_of(judged.table, c);
    if (!found.average_precision) continue;
    Curve curve{judged.report.labels[c], {}};
    for (const auto& point : found.points) curve.points.push_back({point.recall, point.precision});
    plot.curves.push_back(std::move(curve));
  }
  return plot;
}

// As wide as a bin.
std::string short_count(std::uint64_t count) {
  if (count < 10'000) return fmt::format("{}", count);
  return count < 10'000'000 ? fmt::format("{}k", count / 1000)
                            : fmt::format("{}M", count / 1'000'000);
}

CurvePlot reliability_plot(const JudgedModel& judged) {
  CurvePlot plot{"Reliability", "confidence", "share that is right"};
  plot.has_diagonal = true;
  Curve curve{"bins", {}, true};
  for (const auto& bin : metrics::reliability_of(judged.table)) {
    if (bin.images == 0) continue;
    curve.points.push_back({bin.mean_confidence, bin.accuracy});
    plot.feet.push_back({(bin.low + bin.high) / 2, short_count(bin.images)});
  }
  plot.curves.push_back(std::move(curve));
  return plot;
}

CurvePlot coverage_plot(const JudgedModel& judged) {
  CurvePlot plot{"Accuracy of the most confident", "share of the images kept", "accuracy"};
  Curve curve{"accuracy", {}};
  double least = 1;
  for (const auto& point : metrics::coverage_curve(judged.table)) {
    curve.points.push_back({point.coverage, point.accuracy});
    least = std::min(least, point.accuracy);
  }
  plot.y_low = least >= 0.9 ? 0.9 : least >= 0.5 ? 0.5 : 0;
  plot.curves.push_back(std::move(curve));
  return plot;
}

CurvePlot learning_plot(const JudgedModel& judged, const char* title, const char* axis,
                        double Epoch::* train, double Epoch::* validation) {
  CurvePlot plot{title, "epoch", axis};
  plot.x_low = judged.history.front().epoch;
  plot.x_high = std::max(plot.x_low + 1, static_cast<double>(judged.history.back().epoch));
  plot.curves = {{"training", {}}, {"validation", {}}};
  for (const auto& epoch : judged.history) {
    plot.curves[0].points.push_back({static_cast<double>(epoch.epoch), epoch.*train});
    plot.curves[1].points.push_back({static_cast<double>(epoch.epoch), epoch.*validation});
    plot.y_high = std::max({plot.y_high, epoch.*train, epoch.*validation});
  }
  return plot;
}

}  // namespace

std::vector<Plot> plots_of(const JudgedModel& judged) {
  std::vector<Plot> plots{{"confusion", to_svg(matrix_of(judged, false))},
                          {"confusion-normalised", to_svg(matrix_of(judged, true))},
                          {"roc", to_svg(roc_plot(judged))},
                          {"precision-recall", to_svg(precision_recall_plot(judged))},
                          {"reliability", to_svg(reliability_plot(judged))},
                          {"coverage", to_svg(coverage_plot(judged))}};
  if (judged.history.empty()) return plots;
  plots.push_back({"learning-loss", to_svg(learning_plot(judged, "Loss", "loss", &Epoch::train_loss,
                                                         &Epoch::validation_loss))});
  plots.push_back({"learning-accuracy",
                   to_svg(learning_plot(judged, "Accuracy", "accuracy", &Epoch::train_accuracy,
                                        &Epoch::validation_accuracy))});
  return plots;
}

}  // namespace bloodcell::report
