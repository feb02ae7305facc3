// What to try next. A sampler keeps nothing between calls: what it proposes for a trial follows
// from its seed, the trial's number and what the study knows, so that a study goes on after a kill
// as it would have without. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/tune/trial.hpp>

namespace bloodcell::tune {

class Sampler {
 public:
  virtual ~Sampler() = default;

  // At the start of a trial: parameters that are chosen together. Those which the trial then does
  // not ask for, or asks for with another range, are dropped.
  [[nodiscard]] virtual std::vector<Parameter> sample_together(const StudyView& study,
                                                               const TrialRecord& trial) const;

  // One parameter that sample_together did not choose -> its inner value.
  [[nodiscard]] virtual double sample_one(const StudyView& study, const TrialRecord& trial,
                                          const std::string& name,
                                          const Distribution& distribution) const = 0;

  // Everything there is to try was tried.
  [[nodiscard]] virtual bool is_exhausted(const StudyView& study) const;
};

[[nodiscard]] std::unique_ptr<Sampler> random_sampler(std::uint64_t seed);

// Sobol points (Joe and Kuo 2008) with Owen's scrambling by hashes (Burley 2020): trial n is point
// n; a parameter's dimension is its place in the trial. From the 65th on: random.
[[nodiscard]] std::unique_ptr<Sampler> sobol_sampler(std::uint64_t seed);

// Every combination once, in an order drawn from the seed. A parameter without a list is drawn at
// random. Errors: usage (an empty list, more than 10^9 combinations).
using Grid = std::vector<std::pair<std::string, std::vector<Value>>>;
[[nodiscard]] Result<std::unique_ptr<Sampler>> grid_sampler(Grid grid, std::uint64_t seed);

// Tree-structured Parzen estimator (Bergstra et al. 2011, 2013; Watanabe 2023, arXiv:2304.11127).
struct TpeOptions {
  std::uint64_t seed = 0;
  int startup_trials = 10;    // finished ones, before which points are quasi-random
  int candidates = 24;        // drawn from the good ones' density
  bool multivariate = true;   // parameters together, as one density
  bool group = true;          // with conditional parameters: together where they occur together
  bool constant_liar = true;  // running trials count as bad ones, so that workers keep apart
  double prior_weight = 1;    // of the density over the whole range
  bool magic_clip = true;     // no kernel narrower than the range / min(100, (1 + kernels)^1.2)
};
[[nodiscard]] std::unique_ptr<Sampler> tpe_sampler(const TpeOptions& options);

// A Gaussian process of the values (Matérn 5/2, a length a parameter) and the point of highest
// expected improvement, over the parameters that every finished trial has; others by the TPE.
// Counts running trials as if they came out as expected, constraints by the chance to keep them,
// several objectives by a norm with weights drawn for each trial (ParEGO). Learns from 500 trials
// at most; the time of a proposal grows with the cube of their number. Pruned trials teach it
// nothing.
struct GpOptions {
  std::uint64_t seed = 0;
  int startup_trials = 10;  // complete ones, before which points are quasi-random
};
[[nodiscard]] std::unique_ptr<Sampler> gp_sampler(const GpOptions& options);

// NSGA-II (Deb et al. 2002), one child at a time: the best `population` of all complete trials are
// the parents, chosen by fronts and crowding; uniform crossover; a parameter mutates with chance
// 1 / their number to a random value. Until there are as many trials: random.
struct Nsga2Options {
  std::uint64_t seed = 0;
  int population = 50;
  double crossover = 0.9;  // chance that a child has two parents
};
[[nodiscard]] std::unique_ptr<Sampler> nsga2_sampler(const Nsga2Options& options);

}  // namespace bloodcell::tune
