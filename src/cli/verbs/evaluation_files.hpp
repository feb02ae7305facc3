// The files of `bloodcell evaluate --report`.
#pragma once

#include <string>

#include <bloodcell/base/context.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/predict/evaluate.hpp>

namespace bloodcell::cli {

struct EvaluationFiles {
  std::string folder;
  std::string model;      // its name
  std::string data;       // what it was judged on
  std::string reference;  // predictions CSV, or empty
  std::string run;        // run directory with history.csv, or empty
  std::uint64_t seed = 0;
};

// report.html, report.json, classes.csv, predictions.csv and each plot as SVG.
// Errors: those of reading the reference, the history and the pictures shown, and of writing.
[[nodiscard]] Result<void> write_evaluation(const Context& context, const data::Dataset& dataset,
                                            const predict::Evaluation& evaluation,
                                            const EvaluationFiles& files);

}  // namespace bloodcell::cli
