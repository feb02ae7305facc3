#include <algorithm>
#include <string>

#include <bloodcell/predict/evaluate.hpp>

#include "text.hpp"

namespace bloodcell::predict {

namespace {

std::string percent(double share) { return fmt::format("{:.1f}", 100 * share); }

std::string interval(const metrics::Interval& interval) {
  return fmt::format("{}–{}", percent(interval.low), percent(interval.high));
}

std::string accuracy_line(const std::string& what, const metrics::Share& share) {
  return fmt::format("  {}  {} %   95 %: {}   ({} of {})\n", padded(what, 32),
                     padded_left(percent(share.value), 5), interval(share.interval), share.right,
                     share.of);
}

std::size_t label_columns(const metrics::Report& report) {
  std::size_t columns = 9;
  for (const auto& label : report.labels) columns = std::max(columns, columns_of(label));
  return columns;
}

std::string class_table(const metrics::Report& report) {
  const std::size_t columns = label_columns(report);
  std::string text = "  " + padded("class", columns) +
                     "  precision  recall  95 % of recall      F1  images  families\n";
  for (const auto& f : report.classes) {
    text += fmt::format("  {}  {}  {}  {}  {}  {}  {}\n", padded(f.label, columns),
                        padded_left(percent(f.precision), 9), padded_left(percent(f.recall), 6),
                        padded_left(f.support > 0 ? interval(f.recall_interval) : "–", 14),
                        padded_left(percent(f.f1), 6), padded_left(std::to_string(f.support), 6),
                        padded_left(std::to_string(f.families), 8));
  }
  const auto average = [&](const char* name, const metrics::AverageFigures& f) {
    return fmt::format("  {}  {}  {}  {}  {}\n", padded(name, columns),
                       padded_left(percent(f.precision), 9), padded_left(percent(f.recall), 6),
                       std::string(14, ' '), padded_left(percent(f.f1), 6));
  };
  return text + average("macro", report.macro) + average("weighted", report.weighted);
}

std::string confusion_table(const metrics::Report& report) {
  const std::size_t columns = label_columns(report);
  std::size_t cell = 6;
  for (const auto& label : report.labels)
    cell = std::max(cell, std::min<std::size_t>(columns_of(label), 7));
  std::string text = "  " + padded("is \\ called", columns);
  for (const auto& label : report.labels) text += "  " + padded_left(shortened(label, cell), cell);
  text += '\n';
  for (std::size_t truth = 0; truth < report.labels.size(); ++truth) {
    text += "  " + padded(report.labels[truth], columns);
    for (const auto count : report.confusion.counts[truth]) {
      text += "  " + padded_left(count == 0 ? "·" : std::to_string(count), cell);
    }
    text += '\n';
  }
  return text;
}

}  // namespace

std::string to_text(const metrics::Report& report) {
  std::string text = "Accuracy\n";
  text += accuracy_line("images", report.image_accuracy);
  text += accuracy_line("families, by mean probability", report.family_accuracy_mean);
  text += accuracy_line("families, by majority", report.family_accuracy_majority);
  text += fmt::format("  {}  {} %\n", padded("balanced over classes", 32),
                      padded_left(percent(report.balanced_accuracy), 5));
  text += fmt::format("  {}  {} %   95 %: {}\n", padded("macro F1", 32),
                      padded_left(percent(report.macro.f1), 5), interval(report.macro_f1_interval));
  text += fmt::format("Log loss {:.3f}, calibration error {:.3f}\n\nClasses (%)\n", report.log_loss,
                      report.calibration_error);
  text += class_table(report) + "\nConfusion (images)\n" + confusion_table(report);
  text += "\nIntervals draw whole families: copies of one cell are not independent.\n";
  return text;
}

}  // namespace bloodcell::predict
