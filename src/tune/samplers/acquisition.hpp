// What a further trial promises: the logarithm of its expected improvement (Jones et al. 1998)
// times the chance that it violates nothing (Gardner et al. 2014), computed without loss where both
// are tiny (Ament et al. 2023).
#pragma once

#include <vector>

#include <Eigen/Core>

#include "gaussian_process.hpp"

namespace bloodcell::tune {

struct Limit {
  GaussianProcess process;
  double most = 0;  // in the process's units: above it the constraint is violated
};

class Acquisition {
 public:
  // The smaller the objective the better. `best` is to be improved on; without `has_best` (nothing
  // feasible yet) the chance of feasibility alone counts.
  Acquisition(GaussianProcess objective, double best, bool has_best, std::vector<Limit> limits);

  [[nodiscard]] double at(const Eigen::VectorXd& point) const;
  // Writes the slope, which has the point's size.
  [[nodiscard]] double at(const Eigen::VectorXd& point, Eigen::VectorXd& slope) const;

 private:
  [[nodiscard]] double evaluate(const Eigen::VectorXd& point, Eigen::VectorXd* slope) const;

  GaussianProcess objective_;
  double best_;
  bool has_best_;
  std::vector<Limit> limits_;
};

// ln(φ(z) + z Φ(z)).
[[nodiscard]] double log_improvement(double z);

}  // namespace bloodcell::tune
