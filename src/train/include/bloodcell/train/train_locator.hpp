// A network that finds cells, trained on fields with drawn boxes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/smear/match.hpp>

namespace bloodcell::train {

struct LocatorTraining {
  std::vector<std::filesystem::path> sets;  // folders with boxes.csv and images/
  std::vector<std::string> left_out;        // names of sets that only test
  int folds = 5;                            // families are dealt into so many; ≥ 3
  int test_fold = 0;            // tests; the next one chooses the least score; the rest is learned
  int epochs = 40;              // ≥ 1; the last one is kept
  int batch = 16;               // ≥ 1
  double learning_rate = 2e-3;  // > 0; falls to 0 as a cosine
  double weight_decay = 1e-2;
  int width_px = graph::kLocatorWidthPx;  // of the network's input; multiples of 8
  int height_px = graph::kLocatorHeightPx;
  std::uint64_t seed = 42;
  std::string name = "locator";
  std::string licence;
};

struct LocatorEpoch {
  int epoch = 0;
  double loss = 0;
  smear::Matches white;  // of the validation part, at a least score of 0.5
  double seconds = 0;
};

struct TrainedLocator {
  model_file::ModelFile file;
  std::vector<LocatorEpoch> history;
  std::vector<std::string> test_files;  // `<set>/<file>`
};

// Families are found by content first: no field, and no overlapping one, stands on two sides.
// Deterministic for a seed, a machine and a number of threads. No resume. Errors: usage, those of
// the files; cancelled.
[[nodiscard]] Result<TrainedLocator> train_locator(
    const Context& context, const LocatorTraining& how,
    const std::function<void(const LocatorEpoch&)>& on_epoch);

// The locator with Description::precisions measured anew, as train_locator() does at its end: on
// the validation part that `how` makes of its sets. Errors: usage (no locator, no white cells
// drawn there), mismatch (it was trained on other sets, or these otherwise dealt), those of the
// files; cancelled.
[[nodiscard]] Result<model_file::ModelFile> measure_locator(const Context& context,
                                                            const LocatorTraining& how,
                                                            const model_file::ModelFile& locator);

}  // namespace bloodcell::train
