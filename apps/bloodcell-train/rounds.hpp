// Several runs as one command: each fold, or each laboratory, tests once.
#pragma once

#include <string>
#include <vector>

#include <bloodcell/cli/application.hpp>

#include "new_run.hpp"

namespace bloodcell::training {

struct RoundOptions {
  int folds = 0;             // ≥ 3: cross-validation by family; 0: not asked for
  bool each_source = false;  // leave one source out after the other
};

// Each round is a whole run in a folder below settings.run (fold0, fold1, …, or source-<name>),
// with its model.onnx; settings.run/rounds.json tells all of them, predictions.csv holds every
// tested picture once. Started again with the same options it goes on where it stopped. Returns the
// exit status. Errors: usage, mismatch (a folder with rounds of other settings), those of training.
[[nodiscard]] Result<int> run_rounds(const cli::Job& job, const NewRunOptions& settings,
                                     const RoundOptions& options);

}  // namespace bloodcell::training
