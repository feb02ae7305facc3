// What is recorded of one trial: what was tried, what came of it, and what was seen on the way.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/tune/distribution.hpp>

namespace bloodcell::tune {

enum class Direction { minimize, maximize };

// waiting: asked for by name, not begun. The last three are final.
enum class TrialState { waiting, running, complete, pruned, failed };

[[nodiscard]] constexpr bool is_finished(TrialState state) {
  return state == TrialState::complete || state == TrialState::pruned ||
         state == TrialState::failed;
}
[[nodiscard]] std::string_view name_of(TrialState state);
[[nodiscard]] std::string_view name_of(Direction direction);

using Time = std::chrono::sys_time<std::chrono::microseconds>;
[[nodiscard]] Time now();

struct Parameter {
  std::string name;
  double inner = 0;
  Distribution distribution;
  [[nodiscard]] Value value() const { return outer_of(distribution, inner); }
};

struct TrialRecord {
  std::int64_t id = 0;  // in the storage, over all studies
  int number = 0;       // in its study, from 0
  TrialState state = TrialState::running;
  std::vector<double> values;                 // one an objective, when complete; never NaN
  std::vector<Parameter> parameters;          // in the order they were asked for
  std::map<int, double> reports;              // step (epoch, fold) -> value; may be infinite or NaN
  std::map<std::string, double> constraints;  // above 0: violated
  std::map<std::string, std::string> user_attributes;    // JSON texts
  std::map<std::string, std::string> system_attributes;  // JSON texts, in Optuna's keys
  std::optional<Time> started;
  std::optional<Time> completed;

  [[nodiscard]] const Parameter* find(std::string_view name) const;
  // How far the constraints are violated together; 0: feasible.
  [[nodiscard]] double violation() const;
};

// It goes on with one that was lost, under a number of its own.
[[nodiscard]] bool is_retry(const TrialRecord& trial);
// The number of the first of them; its own for one that is no retry.
[[nodiscard]] int first_number(const TrialRecord& trial);

// What samplers and pruners look at. The trials are those of one study in the order of their
// numbers.
struct StudyView {
  std::string_view name;
  std::span<const Direction> directions;
  std::span<const TrialRecord> trials;
};

// a before b, in the direction. NaN comes last.
[[nodiscard]] bool is_better(Direction direction, double a, double b);

// The best of the complete and feasible trials of a study with one objective; nullptr if none.
[[nodiscard]] const TrialRecord* best_of(const StudyView& study);

// The complete and feasible trials that no other beats in every objective (Pareto front).
[[nodiscard]] std::vector<const TrialRecord*> front_of(const StudyView& study);

}  // namespace bloodcell::tune
