#include "gaussian_process.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "descent.hpp"

namespace bloodcell::tune {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

const double kRoot5 = std::sqrt(5.0);
constexpr double kSmallestDeviation = 1e-10;

double matern(double squared) {
  const double r = kRoot5 * std::sqrt(squared);
  return (1 + r + r * r / 3) * std::exp(-r);
}

// By the squared distance.
double matern_slope(double squared) {
  const double r = kRoot5 * std::sqrt(squared);
  return -5.0 / 6 * (1 + r) * std::exp(-r);
}

double squared_gap(double a, double b, bool is_category) {
  if (is_category) return a == b ? 0 : 1;
  return (a - b) * (a - b);
}

// What an evaluation of the posterior needs and its parameters do not change.
class Posterior {
 public:
  explicit Posterior(const Observations& seen) : seen_(seen) {
    const Index n = seen.points.rows();
    for (Index d = 0; d < seen.points.cols(); ++d) {
      MatrixXd& gap = gaps_.emplace_back(n, n);
      const bool is_category = seen.is_category[static_cast<std::size_t>(d)];
      for (Index i = 0; i < n; ++i) {
        for (Index j = 0; j < n; ++j)
          gap(i, j) = squared_gap(seen.points(i, d), seen.points(j, d), is_category);
      }
    }
  }

  // −log of likelihood and priors at the parameters' logarithms [lengths…, variance, noise].
  double operator()(const VectorXd& logs, VectorXd& gradient) const {
    const Index n = seen_.points.rows();
    const Index d = seen_.points.cols();
    const double variance = std::exp(logs[d]);
    const double noise = std::exp(logs[d + 1]);
    MatrixXd squared = MatrixXd::Zero(n, n);
    for (Index k = 0; k < d; ++k) squared += std::exp(logs[k]) * gaps_[static_cast<std::size_t>(k)];
    const MatrixXd shape = squared.unaryExpr(&matern);
    MatrixXd covariance = variance * shape;
    covariance.diagonal().array() += noise;
    const Eigen::LLT<MatrixXd> factor(covariance);
    if (factor.info() != Eigen::Success) return std::numeric_limits<double>::infinity();
    const VectorXd weights = factor.solve(seen_.values);
    const MatrixXd inverse = factor.solve(MatrixXd::Identity(n, n));
    const MatrixXd pull = inverse - weights * weights.transpose();
    const double log_determinant =
        2 * factor.matrixL().toDenseMatrix().diagonal().array().log().sum();
    double value = 0.5 * seen_.values.dot(weights) + 0.5 * log_determinant;

    const MatrixXd by_distance =
        pull.cwiseProduct(variance * squared.unaryExpr(&matern_slope)).eval();
    for (Index k = 0; k < d; ++k) {
      gradient[k] = 0.5 * std::exp(logs[k]) *
                    by_distance.cwiseProduct(gaps_[static_cast<std::size_t>(k)]).sum();
    }
    gradient[d] = 0.5 * variance * pull.cwiseProduct(shape).sum();
    gradient[d + 1] = 0.5 * noise * pull.trace();

    const double median = std::numbers::sqrt2 + 0.5 * std::log(static_cast<double>(d));
    for (Index k = 0; k < d; ++k) {
      const double off = -0.5 * logs[k] - median;  // of the length's logarithm; deviation √3
      value += off * off / 6;
      gradient[k] -= off / 6;
      // Density exp(−length²/10) besides: else a dimension that matters by a hundredth of the
      // values' spread is taken for one that does not, and never searched.
      const double squared_length = std::exp(-logs[k]);
      value += squared_length / 10;
      gradient[k] -= squared_length / 10;
    }
    value += add_normal(logs[d], 0, 1, gradient[d]);
    value += add_normal(logs[d + 1], -8, 2.5, gradient[d + 1]);
    return value;
  }

 private:
  static double add_normal(double x, double mean, double deviation, double& slope) {
    const double z = (x - mean) / deviation;
    slope += z / deviation;
    return z * z / 2;
  }

  const Observations& seen_;
  std::vector<MatrixXd> gaps_;  // [d] of [n, n]
};

}  // namespace

GaussianProcess::GaussianProcess(Observations seen, KernelParameters kernel)
    : seen_(std::move(seen)), kernel_(std::move(kernel)) {
  const Index n = seen_.points.rows();
  MatrixXd covariance(n, n);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j <= i; ++j) {
      double squared = 0;
      for (Index d = 0; d < seen_.points.cols(); ++d) {
        squared += kernel_.inverse_squared_lengths[d] *
                   squared_gap(seen_.points(i, d), seen_.points(j, d),
                               seen_.is_category[static_cast<std::size_t>(d)]);
      }
      covariance(i, j) = kernel_.variance * matern(squared);
      covariance(j, i) = covariance(i, j);
    }
  }
  covariance.diagonal().array() += kernel_.noise;
  double added = 1e-10;  // until the matrix is positive definite in floating point too
  for (factor_.compute(covariance); factor_.info() != Eigen::Success && added < 1; added *= 10) {
    covariance.diagonal().array() += added;
    factor_.compute(covariance);
  }
  weights_ = factor_.solve(seen_.values);
}

GaussianProcess::Prediction GaussianProcess::at(const VectorXd& point, bool with_slopes) const {
  const Index n = seen_.points.rows();
  const Index dimensions = seen_.points.cols();
  VectorXd squared = VectorXd::Zero(n);
  for (Index d = 0; d < dimensions; ++d) {
    const bool is_category = seen_.is_category[static_cast<std::size_t>(d)];
    for (Index i = 0; i < n; ++i) {
      squared[i] += kernel_.inverse_squared_lengths[d] *
                    squared_gap(point[d], seen_.points(i, d), is_category);
    }
  }
  const VectorXd covariance = kernel_.variance * squared.unaryExpr(&matern);
  const VectorXd solved = factor_.solve(covariance);
  Prediction prediction;
  prediction.mean = covariance.dot(weights_);
  prediction.deviation = std::max(
      kSmallestDeviation, std::sqrt(std::max(0.0, kernel_.variance - covariance.dot(solved))));
  if (!with_slopes) return prediction;
  prediction.mean_slope = VectorXd::Zero(dimensions);
  prediction.deviation_slope = VectorXd::Zero(dimensions);
  const VectorXd by_distance = kernel_.variance * squared.unaryExpr(&matern_slope);
  for (Index d = 0; d < dimensions; ++d) {
    if (seen_.is_category[static_cast<std::size_t>(d)]) continue;
    const VectorXd slope =
        2 * kernel_.inverse_squared_lengths[d] *
        by_distance.cwiseProduct((point[d] - seen_.points.col(d).array()).matrix());
    prediction.mean_slope[d] = slope.dot(weights_);
    prediction.deviation_slope[d] = -slope.dot(solved) / prediction.deviation;
  }
  return prediction;
}

KernelParameters fit_kernel(const Observations& seen) {
  const Index d = seen.points.cols();
  const Posterior posterior(seen);
  Bounds bounds{VectorXd::Constant(d + 2, std::log(1e-4)),
                VectorXd::Constant(d + 2, std::log(1e4))};
  bounds.low[d] = std::log(1e-3);
  bounds.high[d] = std::log(1e3);
  bounds.low[d + 1] = std::log(1e-7);
  bounds.high[d + 1] = 0;
  VectorXd best;
  double best_value = std::numeric_limits<double>::infinity();
  for (const double length : {0.5, 2.0}) {
    VectorXd start = VectorXd::Constant(d + 2, -2 * std::log(length));
    start[d] = 0;
    start[d + 1] = -8;
    const VectorXd found = descend(std::cref(posterior), start, bounds, 80);
    VectorXd unused = VectorXd::Zero(d + 2);
    const double value = posterior(found, unused);
    if (best.size() > 0 && !(value < best_value)) continue;
    best = found;
    best_value = value;
  }
  return {best.head(d).array().exp().matrix(), std::exp(best[d]), std::exp(best[d + 1])};
}

}  // namespace bloodcell::tune
