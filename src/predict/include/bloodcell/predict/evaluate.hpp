// A model judged on labelled samples.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/metrics/classification.hpp>
#include <bloodcell/metrics/predictions.hpp>
#include <bloodcell/predict/predictor.hpp>

namespace bloodcell::predict {

struct Evaluation {
  metrics::PredictionTable table;
  std::vector<std::size_t> samples;  // position in Dataset::samples of each row of the table
  metrics::Report report;
  std::vector<Error> problems;  // samples that could not be read; they are in no figure
};

// `samples` are positions in dataset.samples. Labels are matched by name: a class of the data that
// the model lacks is an error (mismatch); one of the model that the data lacks has support 0.
[[nodiscard]] Result<Evaluation> evaluate(const Context& context, const Predictor& predictor,
                                          const data::Dataset& dataset,
                                          const std::vector<std::size_t>& samples,
                                          std::uint64_t bootstrap_seed);

// The report as people read it on a terminal.
[[nodiscard]] std::string to_text(const metrics::Report& report);

}  // namespace bloodcell::predict
