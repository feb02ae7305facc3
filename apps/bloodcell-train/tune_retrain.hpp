// The best trial's settings once more, for longer than a search can afford.
#pragma once

#include <bloodcell/cli/application.hpp>

#include "tune_views.hpp"

namespace bloodcell::training {

// Trains in `<study>-retrained` beside the study, on the split of its trials (with folds: on the
// one that the search would have had without), for --epochs; goes on where a run that was stopped
// is. Returns the exit status. Errors: not_found (no trial is complete), mismatch (the folder holds
// a run of other settings), those of training.
[[nodiscard]] Result<int> retrain_best(const cli::Job& job, const TuneOptions& options);

}  // namespace bloodcell::training
