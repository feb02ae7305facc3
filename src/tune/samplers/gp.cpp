// Bayesian optimisation with a Gaussian process.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include <bloodcell/tune/sampler.hpp>

#include "acquisition.hpp"
#include "descent.hpp"
#include "independent.hpp"
#include "sobol.hpp"
#include "table.hpp"
#include "unit_cube.hpp"
#include "warp.hpp"

namespace bloodcell::tune {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr std::size_t kMostSeen = 500;  // trials a process learns from: the best half, the latest
// … and those its kernel is fitted to, which costs the cube of their number at each of many steps:
// more of them hardly move its few parameters.
constexpr std::size_t kMostFitted = 200;
constexpr std::uint32_t kSpread = 1024;
constexpr int kNearBest = 5;  // points about which candidates are drawn
constexpr int kNearEach = 60;
constexpr std::size_t kRefined = 8;
constexpr int kRounds = 4;

// The objective as one number, smaller is better. Several: the augmented Chebyshev norm with
// weights drawn for the trial (ParEGO, Knowles 2006).
VectorXd objective_of(const StudyView& study, const std::vector<const TrialRecord*>& trials,
                      Random random) {
  const auto n = static_cast<Index>(trials.size());
  const auto objectives = study.directions.size();
  VectorXd sum = VectorXd::Zero(n);
  VectorXd largest = VectorXd::Constant(n, -std::numeric_limits<double>::infinity());
  std::vector<double> weights(objectives);
  for (double& weight : weights) weight = -std::log(1 - random.uniform());
  const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::size_t o = 0; o < objectives; ++o) {
    VectorXd values(n);
    double worst = -std::numeric_limits<double>::infinity();
    double best = std::numeric_limits<double>::infinity();
    for (Index t = 0; t < n; ++t) {
      const double told = trials[static_cast<std::size_t>(t)]->values[o];
      values[t] = study.directions[o] == Direction::minimize ? told : -told;
      if (!std::isfinite(values[t])) continue;
      worst = std::max(worst, values[t]);
      best = std::min(best, values[t]);
    }
    if (!std::isfinite(best)) best = worst = 0;
    // What is infinitely bad is as bad as the worst, or as good as the best.
    values = values.cwiseMin(worst).cwiseMax(best);
    if (objectives == 1) return values;
    if (worst > best) values = (values.array() - best) / (worst - best);
    const VectorXd weighted = weights[o] / all * values;
    sum += weighted;
    largest = largest.cwiseMax(weighted);
  }
  return largest + 0.05 * sum;
}

std::vector<double> violations_of(const std::vector<const TrialRecord*>& trials,
                                  const std::string& name) {
  std::vector<double> values;
  for (const auto* trial : trials) {
    const auto found = trial->constraints.find(name);
    values.push_back(found == trial->constraints.end() ? 0 : found->second);
  }
  return values;
}

VectorXd to_vector(const std::vector<double>& values) {
  return Eigen::Map<const VectorXd>(values.data(), static_cast<Index>(values.size()));
}

class Proposal {
 public:
  Proposal(const UnitCube& cube, const Acquisition& promise, std::uint64_t seed)
      : cube_(cube), promise_(promise), seed_(seed) {}

  // The most promising of points spread over the cube and drawn about the best ones, refined.
  VectorXd best(const std::vector<VectorXd>& good, const std::vector<VectorXd>& seen,
                Random random) const {
    std::vector<std::pair<double, VectorXd>> candidates;
    const auto consider = [&](const VectorXd& point) {
      candidates.emplace_back(promise_.at(point), point);
    };
    for (std::uint32_t i = 0; i < kSpread; ++i) consider(spread(i, random));
    for (const auto& point : good) {
      for (int i = 0; i < kNearEach; ++i) consider(near(point, i, random));
    }
    const auto first = [](const auto& a, const auto& b) { return a.first > b.first; };
    const std::size_t kept = std::min(kRefined, candidates.size());
    std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(kept),
                      candidates.end(), first);
    for (std::size_t i = 0; i < kept; ++i) {
      candidates[i].second = cube_.snapped(refined(candidates[i].second));
      candidates[i].first = promise_.at(candidates[i].second);
    }
    std::sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(kept), first);
    for (const auto& [promise, point] : candidates) {
      const bool is_new = std::ranges::none_of(seen, [&](const VectorXd& known) {
        return (known - point).cwiseAbs().maxCoeff() < 1e-9;
      });
      if (is_new && std::isfinite(promise)) return point;
    }
    return candidates.front().second;
  }

 private:
  VectorXd spread(std::uint32_t index, Random& random) const {
    VectorXd point(static_cast<Index>(cube_.size()));
    for (std::size_t d = 0; d < cube_.size(); ++d) {
      const double u = d < static_cast<std::size_t>(kSobolDimensionCount)
                           ? scrambled_sobol(index, static_cast<int>(d), seed_)
                           : random.uniform();
      point[static_cast<Index>(d)] = cube_.at_quantile(d, u);
    }
    return point;
  }

  VectorXd near(const VectorXd& centre, int number, Random& random) const {
    const double reach = std::pow(10, -1 - number % 3);
    VectorXd point = centre;
    for (std::size_t d = 0; d < cube_.size(); ++d) {
      auto& place = point[static_cast<Index>(d)];
      if (cube_.is_category(d)) {
        if (random.chance(0.2)) place = cube_.at_quantile(d, random.uniform());
        continue;
      }
      place = std::clamp(place + reach * random.normal(), 0.0, 1.0);
    }
    return cube_.snapped(point);
  }

  // In turn: continuous coordinates by descent, the others by trying all they have.
  VectorXd refined(VectorXd point) const {
    double promise = promise_.at(point);
    for (int round = 0; round < kRounds; ++round) {
      const double before = promise;
      point = descended(point);
      promise = promise_.at(point);
      for (std::size_t d = 0; d < cube_.size(); ++d) {
        for (const double value : cube_.grid(d)) {
          VectorXd other = point;
          other[static_cast<Index>(d)] = value;
          const double found = promise_.at(other);
          if (!(found > promise)) continue;
          promise = found;
          point = other;
        }
      }
      if (!(promise > before + 1e-6)) break;
    }
    return point;
  }

  VectorXd descended(const VectorXd& start) const {
    std::vector<Index> free;
    for (std::size_t d = 0; d < cube_.size(); ++d) {
      if (cube_.grid(d).empty()) free.push_back(static_cast<Index>(d));
    }
    const auto count = static_cast<Index>(free.size());
    const Smooth lost = [&](const VectorXd& x, VectorXd& gradient) {
      VectorXd point = start;
      point(free) = x;
      VectorXd slope;
      const double promise = promise_.at(point, slope);
      gradient = -slope(free);
      return -promise;
    };
    VectorXd point = start;
    point(free) = descend(lost, start(free), {VectorXd::Zero(count), VectorXd::Ones(count)}, 60);
    return point;
  }

  const UnitCube& cube_;
  const Acquisition& promise_;
  std::uint64_t seed_;
};

class GpSampler final : public Sampler {
 public:
  explicit GpSampler(const GpOptions& options)
      : options_(options), others_(tpe_sampler({.seed = options.seed})) {}

  std::vector<Parameter> sample_together(const StudyView& study,
                                         const TrialRecord& trial) const override {
    const Table table = read_table(study, true, trial.number);
    std::vector<std::size_t> finished;
    std::vector<std::size_t> running;
    for (std::size_t t = 0; t < table.trials.size(); ++t) {
      if (table.trials[t]->state == TrialState::complete) finished.push_back(t);
      if (table.trials[t]->state == TrialState::running) running.push_back(t);
    }
    if (finished.size() < static_cast<std::size_t>(std::max(2, options_.startup_trials))) return {};
    const auto groups = common_group_of(table);
    if (groups.empty()) return {};
    return propose(study, trial, table, groups.front(), {chosen(study, table, finished), running});
  }

  double sample_one(const StudyView& study, const TrialRecord& trial, const std::string& name,
                    const Distribution& distribution) const override {
    return others_->sample_one(study, trial, name, distribution);
  }

 private:
  struct Rows {
    std::vector<std::size_t> finished;
    std::vector<std::size_t> running;
  };

  static std::vector<std::size_t> chosen(const StudyView& study, const Table& table,
                                         std::vector<std::size_t> finished) {
    if (finished.size() <= kMostSeen) return finished;
    const auto latest = finished.end() - static_cast<std::ptrdiff_t>(kMostSeen / 2);
    std::vector<std::size_t> kept(latest, finished.end());
    finished.erase(latest, finished.end());
    std::ranges::stable_sort(finished, [&](std::size_t a, std::size_t b) {
      return is_better(study.directions[0], table.trials[a]->values[0], table.trials[b]->values[0]);
    });
    finished.resize(kMostSeen / 2);
    kept.insert(kept.end(), finished.begin(), finished.end());
    std::ranges::sort(kept);
    return kept;
  }

  std::vector<Parameter> propose(const StudyView& study, const TrialRecord& trial,
                                 const Table& table, const std::vector<std::size_t>& group,
                                 const Rows& rows) const {
    std::vector<Distribution> space;
    for (const std::size_t column : group) space.push_back(table.distributions[column]);
    const UnitCube cube(space);
    Random random = random_of(options_.seed, trial, "gaussian process");
    std::vector<const TrialRecord*> trials;
    for (const std::size_t row : rows.finished) trials.push_back(table.trials[row]);
    const auto seen = points_of(table, cube, group, rows.finished);
    const auto pending = points_of(table, cube, group, rows.running);
    const VectorXd values = normalised(objective_of(study, trials, random));
    const auto limits = limits_of(cube, trials, seen, pending);
    const auto objective = with_pending(fitted(cube, seen, values), pending);

    std::vector<std::size_t> order(trials.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t t) {
      return std::pair(trials[t]->violation(), values[static_cast<Index>(t)]);
    });
    std::vector<VectorXd> good;
    double best = std::numeric_limits<double>::infinity();
    for (const std::size_t t : order) {
      if (good.size() < static_cast<std::size_t>(kNearBest)) good.push_back(seen[t]);
      if (trials[t]->violation() <= 0) best = std::min(best, objective.at(seen[t], false).mean);
    }
    const bool has_best = std::isfinite(best);
    const Acquisition promise(objective, best, has_best, limits);
    std::vector<VectorXd> known = seen;
    known.insert(known.end(), pending.begin(), pending.end());
    const std::uint64_t spread_seed = std::uint64_t{random.bits()} << 32U | random.bits();
    const VectorXd point = Proposal(cube, promise, spread_seed).best(good, known, random);
    std::vector<Parameter> result;
    for (std::size_t i = 0; i < group.size(); ++i) {
      result.push_back(
          {table.names[group[i]], cube.inner_of(i, point[static_cast<Index>(i)]), space[i]});
    }
    return result;
  }

  // Rows that lack a parameter (running trials that have not asked for it yet) are left out.
  static std::vector<VectorXd> points_of(const Table& table, const UnitCube& cube,
                                         const std::vector<std::size_t>& group,
                                         const std::vector<std::size_t>& rows) {
    std::vector<VectorXd> points;
    for (const std::size_t row : rows) {
      VectorXd point(static_cast<Index>(group.size()));
      for (std::size_t i = 0; i < group.size(); ++i)
        point[static_cast<Index>(i)] = cube.coordinate_of(i, table.at(row, group[i]));
      if (point.allFinite()) points.push_back(std::move(point));
    }
    return points;
  }

  // kMostFitted of them, evenly over what is a mixture of the best and the latest.
  static Observations every_nth(const Observations& all) {
    std::vector<Index> rows;
    const auto count = static_cast<std::size_t>(all.points.rows());
    for (std::size_t i = 0; i < kMostFitted; ++i)
      rows.push_back(static_cast<Index>(i * count / kMostFitted));
    return {all.points(rows, Eigen::all), all.values(rows), all.is_category};
  }

  static GaussianProcess fitted(const UnitCube& cube, const std::vector<VectorXd>& seen,
                                const VectorXd& values) {
    Observations observations;
    observations.points.resize(static_cast<Index>(seen.size()), static_cast<Index>(cube.size()));
    for (std::size_t t = 0; t < seen.size(); ++t)
      observations.points.row(static_cast<Index>(t)) = seen[t].transpose();
    observations.values = values;
    for (std::size_t d = 0; d < cube.size(); ++d)
      observations.is_category.push_back(cube.is_category(d));
    auto kernel = fit_kernel(seen.size() <= kMostFitted ? observations : every_nth(observations));
    return {std::move(observations), std::move(kernel)};
  }

  // What runs counts as if it came out as expected, so that workers keep apart (kriging believer,
  // Ginsbourger et al. 2010).
  static GaussianProcess with_pending(GaussianProcess process,
                                      const std::vector<VectorXd>& pending) {
    if (pending.empty()) return process;
    Observations more = process.seen();
    const Index n = more.points.rows();
    const auto added = static_cast<Index>(pending.size());
    more.points.conservativeResize(n + added, Eigen::NoChange);
    more.values.conservativeResize(n + added);
    for (Index i = 0; i < added; ++i) {
      const VectorXd& point = pending[static_cast<std::size_t>(i)];
      more.points.row(n + i) = point.transpose();
      more.values[n + i] = process.at(point, false).mean;
    }
    return {std::move(more), process.kernel()};
  }

  static std::vector<Limit> limits_of(const UnitCube& cube,
                                      const std::vector<const TrialRecord*>& trials,
                                      const std::vector<VectorXd>& seen,
                                      const std::vector<VectorXd>& pending) {
    std::vector<std::string> names;
    for (const auto* trial : trials) {
      for (const auto& [name, value] : trial->constraints) {
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
      }
    }
    std::vector<Limit> limits;
    for (const auto& name : names) {
      // Standardised with 0, which is the limit, as a further value.
      VectorXd values = to_vector(violations_of(trials, name));
      const double largest = values.cwiseAbs()
                                 .unaryExpr([](double v) { return std::isfinite(v) ? v : 0.0; })
                                 .maxCoeff();
      values = values.cwiseMin(largest).cwiseMax(-largest);
      const double mean = values.mean();
      const double deviation = std::sqrt((values.array() - mean).square().mean());
      const double scale = deviation > 0 ? deviation : 1;
      limits.push_back({with_pending(fitted(cube, seen, (values.array() - mean) / scale), pending),
                        -mean / scale});
    }
    return limits;
  }

  GpOptions options_;
  std::unique_ptr<Sampler> others_;
};

}  // namespace

std::unique_ptr<Sampler> gp_sampler(const GpOptions& options) {
  return std::make_unique<GpSampler>(options);
}

}  // namespace bloodcell::tune
