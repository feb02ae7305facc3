// A density over some hyperparameters: a mixture of one kernel an observation and one over the
// whole range (the prior). Kernels are products: truncated normals, normals gathered on steps,
// weights over choices (Bergstra et al. 2011; Falkner et al. 2018 for the product).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <bloodcell/base/random.hpp>
#include <bloodcell/tune/distribution.hpp>

namespace bloodcell::tune {

// Rows of inner values, one a point: [rows][dimensions].
struct Points {
  std::size_t dimensions = 0;
  std::vector<double> values;
  [[nodiscard]] std::size_t rows() const { return dimensions ? values.size() / dimensions : 0; }
  [[nodiscard]] std::span<const double> row(std::size_t i) const {
    return std::span(values).subspan(i * dimensions, dimensions);
  }
};

struct ParzenOptions {
  double prior_weight = 1;
  bool magic_clip = true;
};

class Parzen {
 public:
  // weights: one an observation, ≥ 0. Observations outside a range count at its nearest end.
  Parzen(std::span<const Distribution> space, const Points& observations,
         std::span<const double> weights, const ParzenOptions& options);

  [[nodiscard]] std::vector<double> sample(Random& random) const;  // inner values
  // Natural logarithm of the density at each point; of the probability where there are steps.
  [[nodiscard]] std::vector<double> log_density(const Points& points) const;

 private:
  struct Dimension {
    Distribution distribution;
    Interval interval;
    std::vector<double> mean;   // of each kernel, in the interval; a choice's position
    std::vector<double> width;  // standard deviation
    double log_hit = 0;         // of a choice kernel, at its own choice
    double log_miss = 0;        // elsewhere
  };

  void add_range(Dimension& dimension, const ParzenOptions& options) const;
  void add_choices(Dimension& dimension, const ParzenOptions& options) const;
  void add_continuous(const Dimension& dimension, std::span<const double> points,
                      std::span<double> sums) const;
  void add_stepped(const Dimension& dimension, std::span<const double> points,
                   std::span<double> sums) const;
  void add_categorical(const Dimension& dimension, std::span<const double> points,
                       std::span<double> sums) const;

  std::size_t kernels_ = 0;     // the last is the prior
  std::vector<double> weight_;  // of each kernel, sum 1
  std::vector<double> cumulative_;
  std::vector<Dimension> dimensions_;
};

}  // namespace bloodcell::tune
