#include "tune_trials.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <bloodcell/train/train.hpp>

namespace bloodcell::training {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kLookEvery(100);  // for a request to stop
constexpr std::chrono::seconds kBeatEvery(5);
constexpr std::chrono::seconds kGrace(30);  // without a beat: the worker is gone
constexpr int kRetries = 3;

// While it lives: says that the trial's worker does, and hands a request to stop on to the trial.
class Watch {
 public:
  Watch(const tune::Trial& trial, const Cancellation& outer, Cancellation& inner)
      : thread_([this, &trial, &outer, &inner] { watch(trial, outer, inner); }) {}
  ~Watch() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  void watch(const tune::Trial& trial, const Cancellation& outer, Cancellation& inner) {
    std::unique_lock lock(mutex_);
    auto next_beat = std::chrono::steady_clock::now();
    while (!is_over_) {
      if (outer.requested()) inner.request();
      if (std::chrono::steady_clock::now() >= next_beat) {
        // One that is missed costs nothing: the next comes long before the grace is over.
        static_cast<void>(trial.beat());
        next_beat += kBeatEvery;
      }
      wake_.wait_for(lock, kLookEvery);
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_over_ = false;  // guarded by mutex_
  std::thread thread_;    // the last member: it uses the others
};

// The folder of a trial, or of the failed one that it goes on with.
Result<std::string> run_name(tune::Trial& trial, const std::string& study) {
  const auto& attributes = trial.record().user_attributes;
  if (const auto known = attributes.find(kRunAttribute); known != attributes.end()) {
    BC_ASSIGN(const auto name, tune::value_from_json(known->second));
    if (const auto* text = std::get_if<std::string>(&name)) return *text;
  }
  std::string name = fmt::format("{}-trial-{:04}", file_name_of(study), trial.number());
  BC_CHECK(trial.set_attribute(kRunAttribute, tune::Value{name}));
  return name;
}

// A run that nobody will go on with keeps its history and loses its weights.
void free_weights(const train::RunDirectory& run) {
  std::error_code error;
  fs::remove(run.last_checkpoint(), error);
  fs::remove(run.best_weights(), error);
}

Result<train::RunDirectory> open_fold(const Context& context, const fs::path& folder,
                                      const train::Config& config, const data::Split& split,
                                      const fs::path& data) {
  std::error_code error;
  if (fs::exists(folder / "config.json", error)) return reopen_run(context, folder, config);
  return train::RunDirectory::create(folder, config, split, data);
}

enum class Stop { none, pruned, storage_failed };

Result<tune::Outcome> train_run(const Context& context, Cancellation& cancellation,
                                tune::Trial& trial, const TuneWork& work,
                                const NewRunOptions& options) {
  BC_ASSIGN(const auto run, start_or_reopen(context, options));
  Stop stop = Stop::none;
  Error storage_error;
  const auto on_epoch = [&](const train::EpochRecord& record) {
    const auto prune = [&]() -> Result<bool> {
      BC_CHECK(trial.report(record.epoch, monitored(record, work.settings.monitor)));
      return trial.should_prune();
    }();
    if (prune && !*prune) return;
    stop = prune ? Stop::pruned : Stop::storage_failed;
    if (!prune) storage_error = prune.error();
    cancellation.request();
  };
  const auto summary = train::train(context, run.directory, run.dataset, on_epoch);
  if (stop == Stop::storage_failed) return tl::unexpected(std::move(storage_error));
  if (summary) {
    BC_CHECK(trial.set_attribute(kEpochAttribute, tune::Value{std::int64_t{summary->best_epoch}}));
    return tune::Outcome{
        tune::TrialState::complete, {monitored(summary->best, work.settings.monitor)}, {}};
  }
  if (stop == Stop::pruned) {
    free_weights(run.directory);
    return tune::Outcome{tune::TrialState::pruned, {}, {}};
  }
  if (summary.error().code != ErrorCode::internal) return tl::unexpected(summary.error());
  // A loss that is no number, a network that does not fit into memory: settings that do not work.
  free_weights(run.directory);
  return tune::Outcome{tune::TrialState::failed, {}, to_text(summary.error())};
}

// A run a fold, below the trial's folder; each reports the figure of its best epoch.
Result<tune::Outcome> train_folds(const Context& context, tune::Trial& trial, const TuneWork& work,
                                  const NewRunOptions& options) {
  BC_ASSIGN(const auto config, config_of(context, options));
  BC_ASSIGN(const auto folds, open_folds(context, options, work.settings.folds));
  std::vector<train::RunDirectory> runs;
  double sum = 0;
  double epochs = 0;
  const auto count = static_cast<double>(folds.splits.size());
  const auto given_up = [&](tune::TrialState state, const std::string& reason) {
    for (const auto& run : runs) free_weights(run);
    return tune::Outcome{state, {}, reason};
  };
  for (std::size_t fold = 0; fold < folds.splits.size(); ++fold) {
    BC_ASSIGN(auto run, open_fold(context, fs::path(options.run) / fmt::format("fold{}", fold),
                                  config, folds.splits[fold], options.data));
    runs.push_back(std::move(run));
    const auto summary = train::train(context, runs.back(), folds.dataset);
    if (!summary) {
      if (summary.error().code != ErrorCode::internal) return tl::unexpected(summary.error());
      return given_up(tune::TrialState::failed, to_text(summary.error()));
    }
    const double value = monitored(summary->best, work.settings.monitor);
    sum += value;
    epochs += summary->best_epoch;
    BC_CHECK(trial.report(static_cast<int>(fold), value));
    BC_ASSIGN(const bool prune, trial.should_prune());
    if (prune && fold + 1 < folds.splits.size()) return given_up(tune::TrialState::pruned, {});
  }
  BC_CHECK(trial.set_attribute(kEpochAttribute, tune::Value{std::llround(epochs / count)}));
  return tune::Outcome{tune::TrialState::complete, {sum / count}, {}};
}

Result<tune::Outcome> train_trial(const Context& context, tune::Trial& trial, const TuneWork& work,
                                  const TuneSpace& space) {
  BC_ASSIGN(const auto suggested, tune::suggest(trial, space.searched));
  BC_ASSIGN(auto options, run_of(work.settings, space.fixed, suggested));
  if (const auto config = config_of(context, options); !config) {  // they do not go together
    return tune::Outcome{tune::TrialState::failed, {}, to_text(config.error())};
  }
  BC_CHECK(trial.beat());  // before anyone may wait for it
  BC_ASSIGN(const auto name, run_name(trial, work.study));
  Cancellation cancellation;
  const Context inner{context.log, context.limits, context.pool, cancellation, context.progress};
  const Watch watch(trial, context.cancellation, cancellation);
  options.run = (work.folder / name).string();
  if (work.settings.folds > 0) return train_folds(inner, trial, work, options);
  return train_run(inner, cancellation, trial, work, options);
}

// Trials that were asked for anew count once.
bool has_all_trials(const tune::StudyView& study, int wanted) {
  const auto is_waiting = [](const auto& trial) {
    return trial.state == tune::TrialState::waiting;
  };
  if (std::ranges::any_of(study.trials, is_waiting)) return false;
  return std::ranges::count_if(study.trials, std::not_fn(tune::is_retry)) >= wanted;
}

// One of ours: its worker may die, and then it is to be taken up.
bool is_at_work(const tune::TrialRecord& trial) {
  return trial.state == tune::TrialState::running && trial.user_attributes.contains(kRunAttribute);
}

Result<void> tell(tune::Study& study, const tune::Trial& trial, const tune::Outcome& outcome) {
  switch (outcome.state) {
    case tune::TrialState::complete: return study.tell(trial, outcome.values);
    case tune::TrialState::pruned: return study.tell_pruned(trial);
    default: return study.tell_failed(trial, outcome.reason);
  }
}

Result<void> run_one(const Context& context, tune::Study& study, const TuneWork& work,
                     const TuneSpace& space) {
  BC_ASSIGN(auto trial, study.ask());
  auto outcome = train_trial(context, trial, work, space);
  if (!outcome) {
    if (outcome.error().code == ErrorCode::cancelled) {
      BC_CHECK(study.give_back(trial));
    } else {
      BC_CHECK(study.tell_failed(trial, to_text(outcome.error())));
    }
    return tl::unexpected(std::move(outcome).error());
  }
  BC_CHECK(tell(study, trial, *outcome));
  if (!work.after_trial) return {};
  BC_ASSIGN(const auto view, study.look());
  const auto record = std::ranges::find(view.trials, trial.number(), &tune::TrialRecord::number);
  if (record != view.trials.end()) work.after_trial(*record);
  return {};
}

}  // namespace

double monitored(const train::EpochRecord& record, const std::string& monitor) {
  if (monitor == "validation_loss") return record.validation_loss;
  if (monitor == "validation_accuracy") return record.validation_accuracy;
  return record.validation_macro_f1;
}

std::string file_name_of(std::string name) {
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '_'; }, '-');
  constexpr std::size_t kLongest = 100;
  return name.substr(0, kLongest);
}

Result<void> work_on(const Context& context, tune::Study& study, const TuneWork& work) {
  BC_ASSIGN(const auto space, space_of(work.settings.space));
  const auto begin = std::chrono::steady_clock::now();
  while (true) {
    if (work.timeout.count() > 0 && std::chrono::steady_clock::now() - begin >= work.timeout)
      return {};
    BC_CHECK(context.cancellation.check());
    BC_ASSIGN(const auto gone, study.fail_stale(kGrace, kRetries));
    for (const int number : gone)
      context.log.warning("trial {} lost its worker and is taken up again", number);
    BC_ASSIGN(const auto view, study.look());
    BC_ASSIGN(const bool is_exhausted, study.is_exhausted());
    if (!is_exhausted && !has_all_trials(view, work.settings.trials)) {
      BC_CHECK(run_one(context, study, work, space));
    } else if (std::ranges::any_of(view.trials, is_at_work)) {
      std::this_thread::sleep_for(kLookEvery);
    } else {
      return {};
    }
  }
}

}  // namespace bloodcell::training
