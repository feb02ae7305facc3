// The training job. Checkpoints are one file each, written whole or not at all: a run killed at any
// moment resumes from the last one and ends with the same bytes as one that was never stopped (same
// machine, same libtorch, same number of threads).
#pragma once

#include <functional>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/train/group.hpp>
#include <bloodcell/train/run_directory.hpp>

namespace bloodcell::train {

struct Summary {
  int best_epoch = 0;
  int epochs_run = 0;
  bool stopped_early = false;
  double seconds = 0;  // of all epochs, validation included
  EpochRecord best;
};

[[nodiscard]] nlohmann::json to_json(const Summary& summary);

using EpochListener = std::function<void(const EpochRecord&)>;

// Trains on part `train`, watches `validation`; resumes when the run has a checkpoint. Best weights
// are always those of the best epoch, also when the run ends before early stopping fires.
// Errors: cancelled (after saving a checkpoint; the remedy says how to resume), mismatch (data that
// is not what the split recorded), usage (another process trains this run), internal with batch and
// epoch for a loss that is not finite.
// With a group all its processes call this with the same run and the same data, and each takes its
// share of every batch: the result is that of one process with `accumulate` times as many parts, up
// to rounding, and the same bytes for the same number of processes. Process 0 alone writes and
// tells.
[[nodiscard]] Result<Summary> train(const Context& context, const RunDirectory& run,
                                    const data::Dataset& dataset,
                                    const EpochListener& on_epoch = {}, Group* group = nullptr);

}  // namespace bloodcell::train
