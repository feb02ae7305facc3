#include <bloodcell/tune/importance.hpp>

#include <algorithm>
#include <cmath>

namespace bloodcell::tune {
namespace {

constexpr std::size_t kLeastTrials = 10;
constexpr std::size_t kBins = 10;
constexpr double kTopShare = 0.1;

std::vector<double> histogram(const std::vector<const Parameter*>& values, std::size_t bins) {
  std::vector<double> shares(bins, 1 / static_cast<double>(bins));
  for (const auto* value : values) {
    const double place = choice_count(value->distribution) > 0
                             ? value->inner
                             : share_of_range(*value) * static_cast<double>(bins);
    shares[std::min(static_cast<std::size_t>(place), bins - 1)] += 1;
  }
  for (double& share : shares) share /= static_cast<double>(values.size() + 1);
  return shares;
}

double divergence(const std::vector<double>& top, const std::vector<double>& all) {
  double sum = 0;
  for (std::size_t i = 0; i < all.size(); ++i) sum += all[i] * std::pow(top[i] / all[i] - 1, 2);
  return sum;
}

double importance_of(const std::string& name, const std::vector<const TrialRecord*>& ranked) {
  std::vector<const Parameter*> all;
  for (const auto* trial : ranked) {
    if (const auto* parameter = trial->find(name)) all.push_back(parameter);
  }
  const auto top = std::max<std::size_t>(
      2, static_cast<std::size_t>(std::ceil(kTopShare * static_cast<double>(all.size()))));
  if (all.size() <= top) return 0;
  const std::size_t choices = choice_count(all[0]->distribution);
  const std::size_t bins = choices > 0 ? choices : kBins;
  const std::vector<const Parameter*> best(all.begin(),
                                           all.begin() + static_cast<std::ptrdiff_t>(top));
  return divergence(histogram(best, bins), histogram(all, bins));
}

}  // namespace

double share_of_range(const Parameter& parameter) {
  if (const std::size_t choices = choice_count(parameter.distribution); choices > 0)
    return choices > 1 ? parameter.inner / static_cast<double>(choices - 1) : 0;
  const Interval interval = interval_of(parameter.distribution);
  const double point = interval.log ? std::log(parameter.inner) : parameter.inner;
  if (!(interval.high > interval.low)) return 0;
  return std::clamp((point - interval.low) / (interval.high - interval.low), 0.0, 1.0);
}

std::vector<Importance> importances(const StudyView& study) {
  std::vector<const TrialRecord*> ranked;
  for (const auto& trial : study.trials) {
    if (trial.state == TrialState::complete && trial.values.size() == 1) ranked.push_back(&trial);
  }
  if (study.directions.size() != 1 || ranked.size() < kLeastTrials) return {};
  std::ranges::stable_sort(ranked, [&](const auto* a, const auto* b) {
    return is_better(study.directions[0], a->values[0], b->values[0]);
  });
  std::vector<Importance> found;
  for (const auto* trial : ranked) {
    for (const auto& parameter : trial->parameters) {
      if (is_single(parameter.distribution)) continue;
      if (std::ranges::find(found, parameter.name, &Importance::name) == found.end())
        found.push_back({parameter.name, importance_of(parameter.name, ranked)});
    }
  }
  double sum = 0;
  for (const auto& importance : found) sum += importance.share;
  if (sum > 0) {
    for (auto& importance : found) importance.share /= sum;
  }
  std::ranges::stable_sort(found, std::ranges::greater{}, &Importance::share);
  return found;
}

}  // namespace bloodcell::tune
