#include "wide_means.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>

namespace bloodcell::adapt {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kShrink = 0.5;
constexpr double kNever = -1000;  // a logit that no other comes down to
// A value that hardly moves is not stretched beyond this share of the usual deviation.
constexpr double kLeastDeviation = 0.3;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

WideMeans::WideMeans(const std::vector<float>& rows, std::size_t values) {
  const auto count = static_cast<Index>(rows.size() / values);
  standard_ =
      Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
          rows.data(), count, static_cast<Index>(values));
  mean_ = standard_.cast<double>().colwise().mean().transpose();
  standard_.rowwise() -= mean_.cast<float>().transpose();
  deviation_ =
      standard_.cast<double>().colwise().squaredNorm().transpose() / static_cast<double>(count);
  deviation_ = deviation_.cwiseSqrt();
  const double least = kLeastDeviation * median({deviation_.begin(), deviation_.end()}) + 1e-9;
  deviation_ = deviation_.cwiseMax(least);
  standard_ = standard_ * deviation_.cwiseInverse().cast<float>().asDiagonal();
  products_ = (standard_ * standard_.transpose()).cast<double>();
}

// With R the taught rows less their classes' means, V² their weights in the shrunk covariance and m
// a mean, the direction (RᵀV²R + ball I)⁻¹ m is (m − RᵀV (VRRᵀV + ball I)⁻¹ VR m) / ball
// (Woodbury), which needs products of rows alone.
WideMeans::Fit WideMeans::fit(std::span<const int> truths, std::size_t labels) const {
  std::vector<Index> taught;
  std::vector<int> own;  // class of each taught row
  VectorXd counts = VectorXd::Zero(static_cast<Index>(labels));
  for (std::size_t i = 0; i < truths.size(); ++i) {
    if (truths[i] == kUntaught) continue;
    taught.push_back(static_cast<Index>(i));
    own.push_back(truths[i]);
    ++counts[truths[i]];
  }
  const auto n = static_cast<Index>(taught.size());
  const auto classes = static_cast<double>((counts.array() > 0).count());
  MatrixXd is_of = MatrixXd::Zero(n, counts.size());  // taught × labels: 1 where it is
  for (Index i = 0; i < n; ++i) is_of(i, own[static_cast<std::size_t>(i)]) = 1;
  const MatrixXd means = is_of * counts.cwiseMax(1).cwiseInverse().asDiagonal();
  const VectorXd weights = is_of * (classes * counts.array().max(1)).inverse().matrix();
  const VectorXd root = ((1 - kShrink) * weights).cwiseSqrt();

  const MatrixXd products = products_(taught, taught);
  const MatrixXd of_means = products * means;
  const MatrixXd centred = products - is_of * of_means.transpose();  // of R with the rows
  const MatrixXd centred_means = centred * means;                    // R m
  MatrixXd inner = centred - centred_means * is_of.transpose();      // R Rᵀ
  const double spread = inner.diagonal().dot(weights);
  const double ball = kShrink * spread / static_cast<double>(standard_.cols()) + 1e-9;
  inner = root.asDiagonal() * inner * root.asDiagonal();
  inner.diagonal().array() += ball;
  const MatrixXd solved = root.asDiagonal() * inner.llt().solve(root.asDiagonal() * centred_means);
  const MatrixXd by_taught = (means - (solved - means * (is_of.transpose() * solved))) / ball;

  Fit fit{MatrixXd::Zero(products_.rows(), counts.size()), VectorXd(counts.size())};
  fit.by_row(taught, Eigen::all) = by_taught;
  for (Index k = 0; k < counts.size(); ++k) {
    fit.bias[k] = counts[k] > 0 ? -0.5 * by_taught.col(k).dot(of_means.col(k)) : kNever;
  }
  return fit;
}

std::vector<float> WideMeans::logits(const Fit& fit, std::size_t row) const {
  const VectorXd sums = fit.by_row.transpose() * products_.col(static_cast<Index>(row)) + fit.bias;
  std::vector<float> logits;
  for (const double sum : sums) logits.push_back(static_cast<float>(sum));
  return logits;
}

model_file::DenseHead WideMeans::head(const Fit& fit) const {
  const MatrixXd weights =
      deviation_.cwiseInverse().asDiagonal() * (standard_.cast<double>().transpose() * fit.by_row);
  const VectorXd bias = fit.bias - weights.transpose() * mean_;
  model_file::DenseHead head{static_cast<std::size_t>(weights.rows()), {}, {}};
  for (Index k = 0; k < weights.cols(); ++k) {
    for (const double weight : weights.col(k)) head.weights.push_back(static_cast<float>(weight));
    head.bias.push_back(static_cast<float>(bias[k]));
  }
  return head;
}

}  // namespace bloodcell::adapt
