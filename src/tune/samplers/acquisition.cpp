#include "acquisition.hpp"

#include <cmath>
#include <numbers>
#include <utility>

#include "normal.hpp"

namespace bloodcell::tune {
namespace {

const double kLogRoot2Pi = 0.5 * std::log(2 * std::numbers::pi);
constexpr double kFarTail = -1000;

double log_density(double z) { return -z * z / 2 - kLogRoot2Pi; }

}  // namespace

double log_improvement(double z) {
  if (z > -1) {
    return std::log(std::exp(log_density(z)) + z * normal_cdf(z));
  }
  // φ(z) (1 + z Φ(z)/φ(z)), whose second factor tends to 1/z².
  if (z < kFarTail) return log_density(z) - 2 * std::log(-z);
  return log_density(z) + std::log1p(z * std::exp(log_normal_cdf(z) - log_density(z)));
}

Acquisition::Acquisition(GaussianProcess objective, double best, bool has_best,
                         std::vector<Limit> limits)
    : objective_(std::move(objective)),
      best_(best),
      has_best_(has_best),
      limits_(std::move(limits)) {}

double Acquisition::at(const Eigen::VectorXd& point) const { return evaluate(point, nullptr); }

double Acquisition::at(const Eigen::VectorXd& point, Eigen::VectorXd& slope) const {
  return evaluate(point, &slope);
}

double Acquisition::evaluate(const Eigen::VectorXd& point, Eigen::VectorXd* slope) const {
  double value = 0;
  if (slope != nullptr) slope->setZero(point.size());
  if (has_best_) {
    const auto at_point = objective_.at(point, slope != nullptr);
    const double z = (best_ - at_point.mean) / at_point.deviation;
    const double log_h = log_improvement(z);
    value += std::log(at_point.deviation) + log_h;
    if (slope != nullptr) {
      const double by_mean = -std::exp(log_normal_cdf(z) - log_h) / at_point.deviation;
      const double by_deviation = std::exp(log_density(z) - log_h) / at_point.deviation;
      *slope += by_mean * at_point.mean_slope + by_deviation * at_point.deviation_slope;
    }
  }
  for (const auto& limit : limits_) {
    const auto at_point = limit.process.at(point, slope != nullptr);
    const double z = (limit.most - at_point.mean) / at_point.deviation;
    const double log_chance = log_normal_cdf(z);
    value += log_chance;
    if (slope == nullptr) continue;
    const double by_z = std::exp(log_density(z) - log_chance);
    *slope -= by_z / at_point.deviation * (at_point.mean_slope + z * at_point.deviation_slope);
  }
  return value;
}

}  // namespace bloodcell::tune
