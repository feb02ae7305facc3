#include "warp.hpp"

#include <cmath>
#include <limits>

namespace bloodcell::tune {
namespace {

using Eigen::VectorXd;

double bent(double y, double lambda) {
  constexpr double kTiny = 1e-9;
  if (y >= 0) {
    if (std::abs(lambda) < kTiny) return std::log1p(y);
    return (std::pow(y + 1, lambda) - 1) / lambda;
  }
  const double other = 2 - lambda;
  if (std::abs(other) < kTiny) return -std::log1p(-y);
  return -(std::pow(1 - y, other) - 1) / other;
}

double log_likelihood(const VectorXd& values, double lambda) {
  const auto n = static_cast<double>(values.size());
  const VectorXd result = values.unaryExpr([&](double y) { return bent(y, lambda); });
  const double variance = (result.array() - result.mean()).square().mean();
  if (!(variance > 0)) return -std::numeric_limits<double>::infinity();
  const double stretch =
      values.unaryExpr([](double y) { return std::copysign(std::log1p(std::abs(y)), y); }).sum();
  return -n / 2 * std::log(variance) + (lambda - 1) * stretch;
}

}  // namespace

VectorXd standardised(const VectorXd& values) {
  const VectorXd centred = values.array() - values.mean();
  const double deviation = std::sqrt(centred.array().square().mean());
  if (!(deviation > 0)) return VectorXd::Zero(values.size());
  return centred / deviation;
}

VectorXd normalised(const VectorXd& values) {
  constexpr int kSteps = 60;
  const VectorXd even = standardised(values);
  double best = 1;
  double best_likelihood = -std::numeric_limits<double>::infinity();
  for (int i = 0; i <= kSteps; ++i) {
    const double lambda = -2 + 0.1 * i;
    const double likelihood = log_likelihood(even, lambda);
    if (!(likelihood > best_likelihood)) continue;
    best_likelihood = likelihood;
    best = lambda;
  }
  return standardised(even.unaryExpr([&](double y) { return bent(y, best); }));
}

}  // namespace bloodcell::tune
