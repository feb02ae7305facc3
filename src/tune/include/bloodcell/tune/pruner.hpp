// When to give a trial up, from what it reported so far. Of studies with one objective. A pruner
// keeps nothing between calls. Thread-safe.
#pragma once

#include <memory>

#include <bloodcell/base/result.hpp>
#include <bloodcell/tune/trial.hpp>

namespace bloodcell::tune {

class Pruner {
 public:
  virtual ~Pruner() = default;
  // `trial` with its latest report; `study` may hold an older state of it.
  [[nodiscard]] virtual bool should_prune(const StudyView& study,
                                          const TrialRecord& trial) const = 0;
};

[[nodiscard]] std::unique_ptr<Pruner> no_pruner();

// Gives up when the trial's best report is worse than this percentile of what the complete trials
// reported at the same step. 50: the median rule (Golovin et al. 2017, Google Vizier).
struct PercentileOptions {
  double percentile = 50;  // 0 … 100; of the better ones that go on
  int startup_trials = 5;  // complete ones, before which none is pruned
  int warmup_steps = 0;    // steps below it are never judged
  int interval_steps = 1;  // judged once in so many steps
  int least_reports = 1;   // of others at the step
};
[[nodiscard]] Result<std::unique_ptr<Pruner>> percentile_pruner(const PercentileOptions& options);

// Asynchronous successive halving (Li et al. 2018, ASHA): at step least_steps · factor^(rung +
// skipped) only the best 1/factor of those who came there go on.
struct HalvingOptions {
  int least_steps = 0;  // 0: a hundredth of the longest complete trial
  int factor = 4;       // at least 2
  int skipped_rungs = 0;
  int bootstrap = 0;  // so many must come to a rung before one goes on
};
[[nodiscard]] Result<std::unique_ptr<Pruner>> halving_pruner(const HalvingOptions& options);

// Hyperband (Li et al. 2018): brackets of successive halving that begin at different steps. A
// trial's bracket follows from the study's name and its number, as in Optuna.
struct HyperbandOptions {
  int least_steps = 1;
  int most_steps = 0;  // 0: as the longest complete trial
  int factor = 3;
  int bootstrap = 0;
};
[[nodiscard]] Result<std::unique_ptr<Pruner>> hyperband_pruner(const HyperbandOptions& options);

// For folds: steps are folds, in any order. Gives up when a signed-rank test (Wilcoxon 1945) says
// that the trial is worse than the best one on the folds both have.
struct WilcoxonOptions {
  double p = 0.1;
  int startup_steps = 2;
};
[[nodiscard]] Result<std::unique_ptr<Pruner>> wilcoxon_pruner(const WilcoxonOptions& options);

// Asks the inner one only when the trial has not improved for `patience` steps by more than
// `least_change`.
[[nodiscard]] Result<std::unique_ptr<Pruner>> patient_pruner(std::unique_ptr<Pruner> inner,
                                                             int patience, double least_change);

// One-sided p-value of Wilcoxon's signed-rank test that the differences tend above 0: exact for at
// most 50 differences without ties and zeros, otherwise by the normal approximation with zeros
// split (Pratt's ranks). 1 for an empty list.
[[nodiscard]] double signed_rank_p(const std::vector<double>& differences);

}  // namespace bloodcell::tune
