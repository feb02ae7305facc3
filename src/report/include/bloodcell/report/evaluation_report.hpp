// How well a model does on a set, as a page for people, its plots, and figures for programs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>
#include <bloodcell/metrics/groups.hpp>
#include <bloodcell/report/data_report.hpp>

namespace bloodcell::report {

struct ShownCell {
  std::size_t row = 0;  // position in the table
  image::Image picture;
};

// One epoch of a training run.
struct Epoch {
  int epoch = 0;
  double train_loss = 0;
  double train_accuracy = 0;
  double validation_loss = 0;
  double validation_accuracy = 0;
};

struct JudgedModel {
  std::string model;  // what it is called
  std::string data;   // what it was judged on
  bool families_known = false;
  metrics::PredictionTable table;  // not empty
  metrics::Report report;          // of that table
  std::vector<metrics::SourceFigures> sources;
  std::vector<ShownCell> mistakes;  // the most confident first
  std::vector<ShownCell> samples;
  std::optional<metrics::Comparison> comparison;
  std::string reference;       // what it is compared with
  std::vector<Epoch> history;  // empty: no learning curves
};

// confusion, confusion-normalised, roc, precision-recall, reliability, coverage; learning-loss and
// learning-accuracy where there is a history.
[[nodiscard]] std::vector<Plot> plots_of(const JudgedModel& judged);

// Errors: as image::encode_jpeg.
[[nodiscard]] Result<std::string> page_of(const JudgedModel& judged);

// Areas, average precisions, bins, coverages, sources and the comparison; the figures of
// metrics::to_json stand beside it.
[[nodiscard]] nlohmann::ordered_json curves_to_json(const JudgedModel& judged);

// label,images,families,precision,recall,recall_low,recall_high,f1,roc_auc,average_precision
[[nodiscard]] std::string classes_to_csv(const JudgedModel& judged);

}  // namespace bloodcell::report
