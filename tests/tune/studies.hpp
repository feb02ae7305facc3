// Small studies for the tests.
#pragma once

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include <bloodcell/tune/study.hpp>

namespace bloodcell::tune::test {

// A complete trial of a study with one objective.
inline TrialRecord complete(int number, double value,
                            std::vector<std::pair<std::string, double>> floats = {}) {
  TrialRecord trial;
  trial.number = number;
  trial.state = TrialState::complete;
  trial.values = {value};
  for (auto& [name, inner] : floats)
    trial.parameters.push_back({name, inner, FloatRange{0, 1, false, std::nullopt}});
  return trial;
}

inline TrialRecord running(int number, std::map<int, double> reports = {}) {
  TrialRecord trial;
  trial.number = number;
  trial.reports = std::move(reports);
  return trial;
}

inline const std::vector<Direction> kMinimize{Direction::minimize};
inline const std::vector<Direction> kMaximize{Direction::maximize};

inline StudyView view_of(const std::vector<TrialRecord>& trials,
                         const std::vector<Direction>& directions = kMinimize) {
  return {"study", directions, trials};
}

// (x − 0.3)² + (y − 0.7)², its minimum 0 inside [0, 1]².
inline Result<Outcome> bowl(Trial& trial) {
  BC_ASSIGN(const double x, trial.suggest_float("x", {0, 1, false, std::nullopt}));
  BC_ASSIGN(const double y, trial.suggest_float("y", {0, 1, false, std::nullopt}));
  return Outcome{TrialState::complete, {std::pow(x - 0.3, 2) + std::pow(y - 0.7, 2)}, {}};
}

}  // namespace bloodcell::tune::test
