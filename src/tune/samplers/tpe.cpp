#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <bloodcell/tune/sampler.hpp>

#include "independent.hpp"
#include "parzen.hpp"
#include "ranking.hpp"
#include "table.hpp"

namespace bloodcell::tune {
namespace {

constexpr double kGoodShare = 0.1;
constexpr std::size_t kMostGood = 25;     // of one objective
constexpr std::size_t kFullWeights = 25;  // the latest ones

// The latest trials weigh 1, those before them less and less (Bergstra et al. 2013).
std::vector<double> recency_weights(std::size_t count) {
  std::vector<double> weights(count, 1);
  if (count <= kFullWeights) return weights;
  const std::size_t ramp = count - kFullWeights;
  const double first = 1 / static_cast<double>(count);
  for (std::size_t i = 0; i < ramp; ++i) {
    const double share = ramp > 1 ? static_cast<double>(i) / static_cast<double>(ramp - 1) : 0;
    weights[i] = first + (1 - first) * share;
  }
  return weights;
}

std::size_t good_count(std::size_t finished, std::size_t objectives) {
  const auto share =
      static_cast<std::size_t>(std::ceil(kGoodShare * static_cast<double>(finished)));
  return objectives > 1 ? share : std::min(share, kMostGood);
}

std::size_t finished_count(const StudyView& study) {
  return static_cast<std::size_t>(std::ranges::count_if(study.trials, [](const auto& trial) {
    return trial.state == TrialState::complete || trial.state == TrialState::pruned;
  }));
}

class TpeSampler final : public Sampler {
 public:
  explicit TpeSampler(const TpeOptions& options) : options_(options) {}

  std::vector<Parameter> sample_together(const StudyView& study,
                                         const TrialRecord& trial) const override {
    if (!options_.multivariate || is_starting(study)) return {};
    const Table table = read_table(study, options_.constant_liar, trial.number);
    const auto ranks = ranks_of(study.directions, table.trials);
    std::vector<Parameter> chosen;
    for (const auto& group : options_.group ? groups_of(table) : common_group_of(table)) {
      std::string purpose;
      std::vector<Distribution> space;
      for (const std::size_t column : group) {
        purpose += table.names[column] + "\n";
        space.push_back(table.distributions[column]);
      }
      Random random = random_of(options_.seed, trial, purpose);
      const auto point = propose(study, table, ranks, group, space, random);
      for (std::size_t i = 0; i < group.size(); ++i)
        chosen.push_back({table.names[group[i]], point[i], space[i]});
    }
    return chosen;
  }

  double sample_one(const StudyView& study, const TrialRecord& trial, const std::string& name,
                    const Distribution& distribution) const override {
    if (is_starting(study)) return spread_value(options_.seed, trial, name, distribution);
    const Table table = read_table(study, options_.constant_liar, trial.number);
    const auto column = std::ranges::find(table.names, name);
    if (column == table.names.end()) return random_value(options_.seed, trial, name, distribution);
    const auto ranks = ranks_of(study.directions, table.trials);
    Random random = random_of(options_.seed, trial, name);
    const auto number = static_cast<std::size_t>(column - table.names.begin());
    return propose(study, table, ranks, {number}, {distribution}, random)[0];
  }

 private:
  bool is_starting(const StudyView& study) const {
    return finished_count(study) < static_cast<std::size_t>(std::max(1, options_.startup_trials));
  }

  // The trials that have all of the group's parameters, parted by rank into good and bad ones.
  std::vector<double> propose(const StudyView& study, const Table& table,
                              const std::vector<std::size_t>& ranks,
                              const std::vector<std::size_t>& group,
                              const std::vector<Distribution>& space, Random& random) const {
    std::vector<std::size_t> rows;
    std::size_t finished = 0;
    for (std::size_t t = 0; t < table.trials.size(); ++t) {
      if (std::ranges::any_of(group, [&](auto column) { return std::isnan(table.at(t, column)); }))
        continue;
      rows.push_back(t);
      if (is_finished(table.trials[t]->state)) ++finished;
    }
    const std::size_t good = good_count(finished, study.directions.size());
    std::vector<std::size_t> sorted = rows;
    std::ranges::sort(sorted, {}, [&](std::size_t t) { return ranks[t]; });
    const std::size_t limit =
        good < sorted.size() ? ranks[sorted[good]] : std::numeric_limits<std::size_t>::max();
    Points below{group.size(), {}};
    Points above{group.size(), {}};
    for (const std::size_t t : rows) {
      auto& side = ranks[t] < limit ? below : above;
      for (const std::size_t column : group) side.values.push_back(table.at(t, column));
    }
    return best_candidate(study, space, below, above, random);
  }

  std::vector<double> best_candidate(const StudyView& study, std::span<const Distribution> space,
                                     const Points& below, const Points& above,
                                     Random& random) const {
    const ParzenOptions parzen{options_.prior_weight, options_.magic_clip};
    const auto good_weights = study.directions.size() > 1 ? std::vector<double>(below.rows(), 1)
                                                          : recency_weights(below.rows());
    const Parzen good(space, below, good_weights, parzen);
    const Parzen bad(space, above, recency_weights(above.rows()), parzen);
    Points candidates{space.size(), {}};
    for (int i = 0; i < std::max(1, options_.candidates); ++i) {
      const auto point = good.sample(random);
      candidates.values.insert(candidates.values.end(), point.begin(), point.end());
    }
    const auto log_good = good.log_density(candidates);
    const auto log_bad = bad.log_density(candidates);
    std::size_t best = 0;
    for (std::size_t i = 1; i < log_good.size(); ++i) {
      if (log_good[i] - log_bad[i] > log_good[best] - log_bad[best]) best = i;
    }
    const auto row = candidates.row(best);
    return {row.begin(), row.end()};
  }

  TpeOptions options_;
};

}  // namespace

std::unique_ptr<Sampler> tpe_sampler(const TpeOptions& options) {
  return std::make_unique<TpeSampler>(options);
}

}  // namespace bloodcell::tune
