#include <bloodcell/tune/trial.hpp>

#include <algorithm>
#include <cmath>

namespace bloodcell::tune {
namespace {

bool dominates(std::span<const Direction> directions, const TrialRecord& a, const TrialRecord& b) {
  bool better = false;
  for (std::size_t i = 0; i < directions.size(); ++i) {
    if (is_better(directions[i], b.values[i], a.values[i])) return false;
    better = better || is_better(directions[i], a.values[i], b.values[i]);
  }
  return better;
}

bool counts(const StudyView& study, const TrialRecord& trial) {
  return trial.state == TrialState::complete && trial.values.size() == study.directions.size() &&
         trial.violation() == 0;
}

}  // namespace

std::string_view name_of(TrialState state) {
  switch (state) {
    case TrialState::waiting: return "waiting";
    case TrialState::running: return "running";
    case TrialState::complete: return "complete";
    case TrialState::pruned: return "pruned";
    case TrialState::failed: return "failed";
  }
  return "failed";
}

std::string_view name_of(Direction direction) {
  return direction == Direction::minimize ? "minimize" : "maximize";
}

Time now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

const Parameter* TrialRecord::find(std::string_view name) const {
  const auto found = std::ranges::find(parameters, name, &Parameter::name);
  return found == parameters.end() ? nullptr : &*found;
}

double TrialRecord::violation() const {
  double sum = 0;
  for (const auto& [name, value] : constraints) sum += std::max(0.0, value);
  return sum;
}

bool is_better(Direction direction, double a, double b) {
  if (std::isnan(a)) return false;
  if (std::isnan(b)) return true;
  return direction == Direction::minimize ? a < b : a > b;
}

const TrialRecord* best_of(const StudyView& study) {
  const TrialRecord* best = nullptr;
  if (study.directions.size() != 1) return best;
  for (const auto& trial : study.trials) {
    if (!counts(study, trial)) continue;
    if (best == nullptr || is_better(study.directions[0], trial.values[0], best->values[0]))
      best = &trial;
  }
  return best;
}

std::vector<const TrialRecord*> front_of(const StudyView& study) {
  std::vector<const TrialRecord*> front;
  for (const auto& trial : study.trials) {
    if (!counts(study, trial)) continue;
    const auto beats_it = [&](const TrialRecord& other) {
      return counts(study, other) && dominates(study.directions, other, trial);
    };
    if (std::ranges::none_of(study.trials, beats_it)) front.push_back(&trial);
  }
  return front;
}

}  // namespace bloodcell::tune
