// Regression by a Gaussian process: Matérn 5/2 with a length for each dimension (Rasmussen and
// Williams 2006), categories at distance 0 or 1. Thread-safe once made.
#pragma once

#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/Core>

namespace bloodcell::tune {

struct Observations {
  Eigen::MatrixXd points;         // [n, d], in [0, 1]; a category's choice by its number
  Eigen::VectorXd values;         // [n], about mean 0 and deviation 1
  std::vector<bool> is_category;  // [d]
};

struct KernelParameters {
  Eigen::VectorXd inverse_squared_lengths;  // [d]
  double variance = 1;
  double noise = 1e-6;  // variance of what is added to a value
};

class GaussianProcess {
 public:
  GaussianProcess(Observations seen, KernelParameters kernel);

  struct Prediction {
    double mean = 0;
    double deviation = 0;        // of the function, without noise; above 0
    Eigen::VectorXd mean_slope;  // [d]; 0 for categories
    Eigen::VectorXd deviation_slope;
  };
  [[nodiscard]] Prediction at(const Eigen::VectorXd& point, bool with_slopes) const;
  [[nodiscard]] const Observations& seen() const { return seen_; }
  [[nodiscard]] const KernelParameters& kernel() const { return kernel_; }

 private:
  Observations seen_;
  KernelParameters kernel_;
  Eigen::LLT<Eigen::MatrixXd> factor_;  // of the covariance of what was seen
  Eigen::VectorXd weights_;             // the covariance's inverse times the values
};

// The parameters of highest posterior density, in logarithms, found by L-BFGS from two starts.
// Priors: lengths log-normal with median √d e^√2 and deviation √3 (Hvarfner et al. 2024) times
// exp(−length²/10), for with coordinates in [0, 1] a much longer one says that nothing is left to
// search; variance log-normal about 1, noise about e^-8. n ≥ 1; O(n³ + d n²) a step.
[[nodiscard]] KernelParameters fit_kernel(const Observations& seen);

}  // namespace bloodcell::tune
