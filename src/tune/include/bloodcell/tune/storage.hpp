// Where studies live: in memory (here) or in a database file (sqlite_storage.hpp).
// Thread-safe; what a call recorded is kept when it returns.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/tune/trial.hpp>

namespace bloodcell::tune {

struct StudyInfo {
  std::int64_t id = 0;
  std::string name;
  std::vector<Direction> directions;                   // one an objective, at least one
  std::map<std::string, std::string> user_attributes;  // JSON texts
};

enum class AttributeKind { user, system };

class Storage {
 public:
  virtual ~Storage() = default;

  // Errors: usage (the name is taken, no direction), unreadable.
  [[nodiscard]] virtual Result<StudyInfo> create_study(
      const std::string& name, const std::vector<Direction>& directions) = 0;
  [[nodiscard]] virtual Result<StudyInfo> find_study(const std::string& name) = 0;  // not_found
  [[nodiscard]] virtual Result<std::vector<StudyInfo>> studies() = 0;
  [[nodiscard]] virtual Result<void> set_study_attribute(std::int64_t study, const std::string& key,
                                                         const std::string& json) = 0;

  // Records a trial with all that it holds; gives it its id and number.
  [[nodiscard]] virtual Result<TrialRecord> add_trial(std::int64_t study, TrialRecord trial) = 0;

  // waiting -> running. False when another worker was first.
  [[nodiscard]] virtual Result<bool> claim(std::int64_t trial) = 0;

  // The following need a trial that is not finished; errors: usage if it is.
  [[nodiscard]] virtual Result<void> set_parameter(std::int64_t trial,
                                                   const Parameter& parameter) = 0;
  [[nodiscard]] virtual Result<void> set_report(std::int64_t trial, int step, double value) = 0;
  [[nodiscard]] virtual Result<void> set_attribute(std::int64_t trial, AttributeKind kind,
                                                   const std::string& key,
                                                   const std::string& json) = 0;
  [[nodiscard]] virtual Result<void> finish(std::int64_t trial, TrialState state,
                                            const std::vector<double>& values) = 0;

  // Brings `known`, the study's trials in the order of their numbers, up to date: reads again those
  // that were not finished, appends new ones.
  [[nodiscard]] virtual Result<void> refresh(std::int64_t study,
                                             std::vector<TrialRecord>& known) = 0;

  // A sign that the trial's worker lives, and the running trials without one for `grace`. A trial
  // that never gave a sign is never stale.
  [[nodiscard]] virtual Result<void> beat(std::int64_t trial) = 0;
  [[nodiscard]] virtual Result<std::vector<std::int64_t>> stale_trials(
      std::int64_t study, std::chrono::seconds grace) = 0;
};

[[nodiscard]] std::unique_ptr<Storage> memory_storage();

// Optuna keeps constraints among the system attributes, `constraints:<name>` or, before version 5,
// as one list. Reads them into `trial.constraints`.
void read_constraints(TrialRecord& trial);
[[nodiscard]] std::string constraint_key(std::string_view name);

// Numbers as Python's json writes and reads them: NaN, Infinity and -Infinity are words.
[[nodiscard]] std::string number_to_json(double value);
[[nodiscard]] std::optional<double> number_from_json(std::string_view text);

}  // namespace bloodcell::tune
