#include <algorithm>

#include <bloodcell/tune/study.hpp>

namespace bloodcell::tune {
namespace {

Result<void> tell(Study& study, const Trial& trial, const Outcome& outcome) {
  switch (outcome.state) {
    case TrialState::complete: return study.tell(trial, outcome.values);
    case TrialState::pruned: return study.tell_pruned(trial);
    default: return study.tell_failed(trial, outcome.reason);
  }
}

}  // namespace

Result<int> optimize(Study& study, const Objective& objective, const OptimizeOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  const auto is_over = [&] {
    if (options.cancellation != nullptr && options.cancellation->requested()) return true;
    return options.timeout.count() > 0 &&
           std::chrono::steady_clock::now() - begin >= options.timeout;
  };
  int done = 0;
  for (; done < options.trials && !is_over(); ++done) {
    BC_ASSIGN(const bool is_exhausted, study.is_exhausted());
    if (is_exhausted) break;
    BC_ASSIGN(auto trial, study.ask());
    auto outcome = objective(trial);
    if (!outcome) {
      BC_CHECK(study.tell_failed(trial, to_text(outcome.error())));
      return tl::unexpected(std::move(outcome).error());
    }
    BC_CHECK(tell(study, trial, *outcome));
    if (!options.after_trial) continue;
    BC_ASSIGN(const auto view, study.look());
    const auto record = std::ranges::find(view.trials, trial.number(), &TrialRecord::number);
    if (!options.after_trial(view, *record)) return done + 1;
  }
  return done;
}

}  // namespace bloodcell::tune
