#include "descent.hpp"

#include <cmath>
#include <limits>
#include <memory>

#include <nlopt.h>

namespace bloodcell::tune {
namespace {

struct Search {
  const Smooth* function = nullptr;
  nlopt_opt optimiser = nullptr;
  Eigen::VectorXd best;
  double best_value = std::numeric_limits<double>::infinity();
  Eigen::VectorXd gradient;
};

double evaluate(unsigned count, const double* x, double* gradient, void* data) {
  auto& search = *static_cast<Search*>(data);
  const Eigen::VectorXd point = Eigen::Map<const Eigen::VectorXd>(x, count);
  search.gradient.setZero(count);
  const double value = (*search.function)(point, search.gradient);
  if (!std::isfinite(value) || !search.gradient.allFinite()) {
    nlopt_force_stop(search.optimiser);
    return std::numeric_limits<double>::max();
  }
  if (value < search.best_value) {
    search.best_value = value;
    search.best = point;
  }
  if (gradient != nullptr) Eigen::Map<Eigen::VectorXd>(gradient, count) = search.gradient;
  return value;
}

}  // namespace

Eigen::VectorXd descend(const Smooth& function, const Eigen::VectorXd& start, const Bounds& bounds,
                        int most_steps) {
  if (start.size() == 0) return start;
  const std::unique_ptr<nlopt_opt_s, decltype(&nlopt_destroy)> optimiser(
      nlopt_create(NLOPT_LD_LBFGS, static_cast<unsigned>(start.size())), &nlopt_destroy);
  Search search{&function, optimiser.get(), start, std::numeric_limits<double>::infinity(), {}};
  nlopt_set_lower_bounds(optimiser.get(), bounds.low.data());
  nlopt_set_upper_bounds(optimiser.get(), bounds.high.data());
  nlopt_set_min_objective(optimiser.get(), &evaluate, &search);
  nlopt_set_maxeval(optimiser.get(), most_steps);
  nlopt_set_ftol_rel(optimiser.get(), 1e-8);
  nlopt_set_xtol_rel(optimiser.get(), 1e-6);
  Eigen::VectorXd x = start.cwiseMax(bounds.low).cwiseMin(bounds.high);
  double value = 0;
  nlopt_optimize(optimiser.get(), x.data(), &value);
  return search.best;
}

}  // namespace bloodcell::tune
