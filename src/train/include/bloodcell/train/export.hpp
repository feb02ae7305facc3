// A run → a model file: the best weights, the preprocessing, a temperature fitted on the validation
// families, golden outputs by libtorch, provenance. Refuses to return a file that OpenVINO computes
// otherwise than libtorch by more than 1e-4.
#pragma once

#include <string>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/train/run_directory.hpp>

namespace bloodcell::train {

struct ExportOptions {
  std::string name;           // of the model; empty: the run folder's name
  std::string licence;        // of the data and so of the weights, free text for the card
  bool calibrate = true;      // fit the temperature on part `validation` (needs the data)
  bool half_kernels = false;  // store them as float16, rounded before all else is measured
};

struct Exported {
  model_file::ModelFile file;
  double largest_difference = 0;  // libtorch to OpenVINO, over the golden logits
};

// dataset may be null when not calibrating.
[[nodiscard]] Result<Exported> export_run(const Context& context, const RunDirectory& run,
                                          const data::Dataset* dataset,
                                          const ExportOptions& options);

}  // namespace bloodcell::train
