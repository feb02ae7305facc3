#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <bloodcell/tune/pruner.hpp>

namespace bloodcell::tune {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

class NoPruner final : public Pruner {
 public:
  bool should_prune(const StudyView&, const TrialRecord&) const override { return false; }
};

// Linear between the two nearest, NaN left out; NaN of nothing.
double percentile_of(std::vector<double> values, double percentile) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return kNaN;
  std::ranges::sort(values);
  const double place = percentile / 100 * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const double share = place - static_cast<double>(below);
  if (share == 0) return values[below];
  return values[below] + share * (values[below + 1] - values[below]);
}

class PercentilePruner final : public Pruner {
 public:
  explicit PercentilePruner(const PercentileOptions& options) : options_(options) {}

  bool should_prune(const StudyView& study, const TrialRecord& trial) const override {
    if (trial.reports.empty()) return false;
    const int step = trial.reports.rbegin()->first;
    int complete = 0;
    std::vector<double> others;
    for (const auto& other : study.trials) {
      if (other.state != TrialState::complete) continue;
      ++complete;
      if (const auto report = other.reports.find(step); report != other.reports.end())
        others.push_back(report->second);
    }
    if (complete == 0 || complete < options_.startup_trials || !is_due(trial, step)) return false;
    const Direction direction = study.directions[0];
    double best = kNaN;
    for (const auto& [at, value] : trial.reports) {
      if (is_better(direction, value, best)) best = value;
    }
    if (std::isnan(best)) return true;
    if (others.size() < static_cast<std::size_t>(options_.least_reports)) return false;
    const bool is_up = direction == Direction::maximize;
    const double bar =
        percentile_of(std::move(others), is_up ? 100 - options_.percentile : options_.percentile);
    return !std::isnan(bar) && is_better(direction, bar, best);
  }

 private:
  // The first report of its interval of steps.
  bool is_due(const TrialRecord& trial, int step) const {
    if (step < options_.warmup_steps) return false;
    const int interval = (step - options_.warmup_steps) / options_.interval_steps;
    const int begin = interval * options_.interval_steps + options_.warmup_steps;
    const auto before = std::next(trial.reports.rbegin());
    return before == trial.reports.rend() || before->first < begin;
  }

  PercentileOptions options_;
};

class PatientPruner final : public Pruner {
 public:
  PatientPruner(std::unique_ptr<Pruner> inner, int patience, double least_change)
      : inner_(std::move(inner)), patience_(patience), least_change_(least_change) {}

  bool should_prune(const StudyView& study, const TrialRecord& trial) const override {
    const auto recent = static_cast<std::size_t>(patience_) + 1;
    if (trial.reports.size() <= recent) return false;
    const Direction direction = study.directions[0];
    double before = kNaN;
    double after = kNaN;
    std::size_t place = 0;
    for (const auto& [step, value] : trial.reports) {
      double& best = place + recent < trial.reports.size() ? before : after;
      if (is_better(direction, value, best)) best = value;
      ++place;
    }
    const double bar =
        direction == Direction::minimize ? before + least_change_ : before - least_change_;
    if (std::isnan(bar) || std::isnan(after)) return false;
    return is_better(direction, bar, after) && inner_->should_prune(study, trial);
  }

 private:
  std::unique_ptr<Pruner> inner_;
  int patience_;
  double least_change_;
};

}  // namespace

std::unique_ptr<Pruner> no_pruner() { return std::make_unique<NoPruner>(); }

Result<std::unique_ptr<Pruner>> percentile_pruner(const PercentileOptions& options) {
  if (!(options.percentile >= 0 && options.percentile <= 100))
    return fail(ErrorCode::usage, "pruner: a percentile lies between 0 and 100");
  if (options.startup_trials < 0 || options.warmup_steps < 0 || options.interval_steps < 1 ||
      options.least_reports < 1)
    return fail(ErrorCode::usage, "pruner: counts must not be negative, intervals at least 1");
  return std::make_unique<PercentilePruner>(options);
}

Result<std::unique_ptr<Pruner>> patient_pruner(std::unique_ptr<Pruner> inner, int patience,
                                               double least_change) {
  if (patience < 0 || !(least_change >= 0))
    return fail(ErrorCode::usage, "pruner: patience and least change must not be negative");
  return std::make_unique<PatientPruner>(std::move(inner), patience, least_change);
}

}  // namespace bloodcell::tune
