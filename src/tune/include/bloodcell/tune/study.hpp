// A search: ask for a trial, let it say what it needs, tell what came of it. The space is defined
// by what trials ask for while they run, so that one parameter may depend on another.
//
//   auto study = Study::open(storage, "vgg16", {Direction::maximize}, tpe_sampler({.seed = 1}));
//   auto trial = study->ask();
//   auto rate = trial->suggest_float("learning_rate", {1e-5, 1e-2, true});
//   …
//   study->tell(*trial, {accuracy});
//
// A Study and its trials belong to one thread; several threads or processes each open the same
// study of a storage they share.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <bloodcell/base/cancel.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/tune/pruner.hpp>
#include <bloodcell/tune/sampler.hpp>
#include <bloodcell/tune/storage.hpp>
#include <bloodcell/tune/trial.hpp>

namespace bloodcell::tune {

class Study;

// One trial that runs. Valid as long as its study stays where it is.
class Trial {
 public:
  [[nodiscard]] int number() const { return record_.number; }
  [[nodiscard]] const TrialRecord& record() const { return record_; }

  // The same name gives the same value again. Errors: usage (a wrong range), mismatch (the study
  // knows the name with another kind of range), those of the storage.
  [[nodiscard]] Result<Value> suggest(const std::string& name, const Distribution& distribution);
  [[nodiscard]] Result<double> suggest_float(const std::string& name, const FloatRange& range);
  [[nodiscard]] Result<std::int64_t> suggest_int(const std::string& name, const IntRange& range);
  [[nodiscard]] Result<Value> suggest_choice(const std::string& name,
                                             const std::vector<Value>& choices);

  // What it has come to at this step ≥ 0. A step's first report stays.
  [[nodiscard]] Result<void> report(int step, double value);
  [[nodiscard]] Result<bool> should_prune();

  [[nodiscard]] Result<void> set_attribute(const std::string& key, const Value& value);
  // Above 0: violated, by so much. Errors: usage (NaN).
  [[nodiscard]] Result<void> set_constraint(const std::string& name, double value);
  // For workers that may die: a sign of life, from any thread.
  [[nodiscard]] Result<void> beat() const;

 private:
  friend class Study;
  Trial(Study& study, TrialRecord record);

  Study* study_;
  TrialRecord record_;
  std::vector<Parameter> together_;  // what the sampler chose for this trial as a whole
  std::vector<std::pair<std::string, Value>> fixed_;  // what enqueue asked for
};

class Study {
 public:
  // Opens the study, or makes it. The storage outlives it. Errors: mismatch (other directions),
  // those of the storage.
  [[nodiscard]] static Result<Study> open(Storage& storage, const std::string& name,
                                          const std::vector<Direction>& directions,
                                          std::unique_ptr<Sampler> sampler,
                                          std::unique_ptr<Pruner> pruner = no_pruner());

  [[nodiscard]] const StudyInfo& info() const { return info_; }
  [[nodiscard]] const std::string& name() const { return info_.name; }

  // The first waiting trial, or a new one.
  [[nodiscard]] Result<Trial> ask();

  // Errors: usage (as many values as objectives, none NaN).
  [[nodiscard]] Result<void> tell(const Trial& trial, const std::vector<double>& values);
  // pruned: takes the last report as the value where there is one. failed: keeps `reason`.
  [[nodiscard]] Result<void> tell_pruned(const Trial& trial);
  [[nodiscard]] Result<void> tell_failed(const Trial& trial, const std::string& reason);

  // A worker that is asked to stop: fails the trial and asks for the same again, with what it had
  // reported and its attributes, so that another can go on from there.
  [[nodiscard]] Result<void> give_back(const Trial& trial);

  // The sampler has nothing left to try.
  [[nodiscard]] Result<bool> is_exhausted();

  // Tries these values in one of the next trials; what is not named is sampled.
  [[nodiscard]] Result<void> enqueue(const std::vector<std::pair<std::string, Value>>& values);

  // Marks as failed what stopped beating and asks for each again as give_back does, at most
  // `retries` times.
  // Returns the numbers of the failed ones.
  [[nodiscard]] Result<std::vector<int>> fail_stale(std::chrono::seconds grace, int retries);

  // All trials as far as the storage knows them now. The view is valid until the next call of a
  // member function.
  [[nodiscard]] Result<StudyView> look();

 private:
  friend class Trial;
  Study(Storage& storage, StudyInfo info, std::unique_ptr<Sampler> sampler,
        std::unique_ptr<Pruner> pruner);
  [[nodiscard]] StudyView view() const;
  [[nodiscard]] Result<TrialRecord> next_record();
  [[nodiscard]] Result<void> check_known(const Parameter& parameter) const;

  Storage* storage_;
  StudyInfo info_;
  std::unique_ptr<Sampler> sampler_;
  std::unique_ptr<Pruner> pruner_;
  std::vector<TrialRecord> known_;
};

struct Outcome {
  TrialState state = TrialState::complete;  // or pruned, failed
  std::vector<double> values;
  std::string reason;  // of a failure
};
// An error of the objective itself ends the whole search; a trial that merely fails is an Outcome.
using Objective = std::function<Result<Outcome>(Trial&)>;

struct OptimizeOptions {
  int trials = 100;                          // of this call
  std::chrono::duration<double> timeout{0};  // no trial begins after it; 0: none
  const Cancellation* cancellation = nullptr;
  // After each trial; false ends the search.
  std::function<bool(const StudyView&, const TrialRecord&)> after_trial{};
};

// Runs trials one after the other. Returns how many. Ends early on the timeout, on a request to
// stop, when after_trial says so or when the sampler has nothing left.
[[nodiscard]] Result<int> optimize(Study& study, const Objective& objective,
                                   const OptimizeOptions& options);

}  // namespace bloodcell::tune
