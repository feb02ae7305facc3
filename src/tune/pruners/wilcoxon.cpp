#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <bloodcell/tune/pruner.hpp>

#include "../samplers/normal.hpp"

namespace bloodcell::tune {
namespace {

constexpr std::size_t kMostExact = 50;

struct SignedRanks {
  double positive = 0;  // sum of the ranks of differences above 0, half of those of zeros
  double tie_term = 0;  // Σ t³ − t over groups of equal sizes
  std::size_t zeros = 0;
};

SignedRanks ranks_of(const std::vector<double>& differences) {
  std::vector<std::size_t> order(differences.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto size = [&](std::size_t i) { return std::abs(differences[i]); };
  std::ranges::sort(order, {}, size);
  SignedRanks sums;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && size(order[end]) == size(order[begin])) ++end;
    const auto ties = static_cast<double>(end - begin);
    const double rank = static_cast<double>(begin + 1 + end) / 2;
    sums.tie_term += ties * ties * ties - ties;
    for (std::size_t i = begin; i < end; ++i) {
      if (differences[order[i]] > 0) sums.positive += rank;
      if (differences[order[i]] == 0) sums.positive += rank / 2;
    }
    if (size(order[begin]) == 0) sums.zeros = end - begin;
  }
  return sums;
}

// P(sum of positive ranks ≥ observed) when each sign is a fair coin.
double exact_p(std::size_t count, double observed) {
  const std::size_t largest = count * (count + 1) / 2;
  std::vector<double> ways(largest + 1, 0);
  ways[0] = 1;
  for (std::size_t rank = 1; rank <= count; ++rank) {
    for (std::size_t sum = largest; sum >= rank; --sum) ways[sum] += ways[sum - rank];
  }
  double above = 0;
  for (auto sum = static_cast<std::size_t>(std::ceil(observed)); sum <= largest; ++sum)
    above += ways[sum];
  return above / std::exp2(static_cast<double>(count));
}

class WilcoxonPruner final : public Pruner {
 public:
  explicit WilcoxonPruner(const WilcoxonOptions& options) : options_(options) {}

  bool should_prune(const StudyView& study, const TrialRecord& trial) const override {
    const TrialRecord* best = best_of(study);
    if (best == nullptr || best->number == trial.number) return false;
    if (!all_finite(trial) || !all_finite(*best)) return false;
    const double sign = study.directions[0] == Direction::minimize ? 1 : -1;
    std::vector<double> worse_by;
    for (const auto& [step, value] : trial.reports) {
      if (const auto same = best->reports.find(step); same != best->reports.end())
        worse_by.push_back(sign * (value - same->second));
    }
    if (worse_by.size() < static_cast<std::size_t>(std::max(2, options_.startup_steps)))
      return false;
    // A trial whose mean is no worse goes on, whatever the ranks say.
    const bool is_worse = sign * (mean_of(trial) - mean_of(*best)) > 0;
    return is_worse && signed_rank_p(worse_by) < options_.p;
  }

 private:
  static bool all_finite(const TrialRecord& trial) {
    return std::ranges::all_of(trial.reports,
                               [](const auto& report) { return std::isfinite(report.second); });
  }
  static double mean_of(const TrialRecord& trial) {
    double sum = 0;
    for (const auto& [step, value] : trial.reports) sum += value;
    return sum / static_cast<double>(trial.reports.size());
  }

  WilcoxonOptions options_;
};

}  // namespace

double signed_rank_p(const std::vector<double>& differences) {
  const std::size_t count = differences.size();
  if (count == 0) return 1;
  const SignedRanks ranks = ranks_of(differences);
  if (count <= kMostExact && ranks.tie_term == 0 && ranks.zeros == 0)
    return exact_p(count, ranks.positive);
  const auto n = static_cast<double>(count);
  const double mean = n * (n + 1) / 4;
  const double variance = n * (n + 1) * (2 * n + 1) / 24 - ranks.tie_term / 48;
  if (!(variance > 0)) return 1;
  return normal_cdf((mean - ranks.positive) / std::sqrt(variance));
}

Result<std::unique_ptr<Pruner>> wilcoxon_pruner(const WilcoxonOptions& options) {
  if (!(options.p > 0 && options.p < 1) || options.startup_steps < 0)
    return fail(ErrorCode::usage, "pruner: p lies between 0 and 1, steps are not negative");
  return std::make_unique<WilcoxonPruner>(options);
}

}  // namespace bloodcell::tune
