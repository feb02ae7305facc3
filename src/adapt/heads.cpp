#include "heads.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <bloodcell/base/random.hpp>

namespace bloodcell::adapt {

namespace {

using model_file::DenseHead;

constexpr float kNever = -1000;  // a logit that no other comes down to

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Values =
    Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

// So that every class weighs the same and all weigh 1.
VectorXd weights_of(std::span<const int> truths) {
  std::map<int, double> rows;
  for (const int truth : truths) ++rows[truth];
  VectorXd weights(static_cast<Index>(truths.size()));
  Index row = 0;
  for (const int truth : truths) {
    weights[row++] = 1 / (rows[truth] * static_cast<double>(rows.size()));
  }
  return weights;
}

// [rows, values]
MatrixXd embeddings_of(const Examples& examples) {
  return Values(examples.embeddings.data(), static_cast<Index>(examples.truths.size()),
                static_cast<Index>(examples.values))
      .cast<double>();
}

// Steps by the fixed upper bound of the Hessian (Böhning 1992): each lowers the loss, none needs a
// line search.
DenseHead fit_logistic(const Examples& examples, const DenseHead& shipped, double strength) {
  constexpr int kSteps = 120;
  constexpr double kBiasShare = 0.1;  // a class's bias is held less than its weights
  const auto labels = static_cast<Index>(shipped.bias.size());
  const auto values = static_cast<Index>(examples.values);
  // A last value of 1, for the bias; the others by their root mean square, so that strengths mean
  // the same for every network.
  MatrixXd rows = embeddings_of(examples);
  const double scale = std::sqrt(rows.array().square().mean()) + 1e-12;
  rows /= scale;
  rows.conservativeResize(Eigen::NoChange, values + 1);
  rows.col(values).setOnes();
  const VectorXd weights = weights_of(examples.truths);
  VectorXd held = VectorXd::Constant(values + 1, strength);
  held[values] = strength * kBiasShare;

  MatrixXd bound = 0.5 * rows.transpose() * weights.asDiagonal() * rows;
  bound += held.asDiagonal();
  const Eigen::LLT<MatrixXd> factor(bound);

  MatrixXd start(values + 1, labels);
  start.topRows(values) =
      scale * Values(shipped.weights.data(), labels, values).cast<double>().transpose();
  for (Index k = 0; k < labels; ++k) start(values, k) = shipped.bias[static_cast<std::size_t>(k)];
  MatrixXd now = start;
  for (int step = 0; step < kSteps; ++step) {
    MatrixXd apart = rows * now;  // [rows, labels] logits, then probabilities less the truth
    for (Index i = 0; i < apart.rows(); ++i) {
      apart.row(i) = (apart.row(i).array() - apart.row(i).maxCoeff()).exp();
      apart.row(i) /= apart.row(i).sum();
      apart(i, examples.truths[static_cast<std::size_t>(i)]) -= 1;
    }
    const MatrixXd gradient =
        rows.transpose() * weights.asDiagonal() * apart + held.asDiagonal() * (now - start);
    now -= factor.solve(gradient);
  }
  DenseHead head = shipped;
  for (Index k = 0; k < labels; ++k) {
    for (Index v = 0; v < values; ++v) {
      head.weights[static_cast<std::size_t>(k * values + v)] =
          static_cast<float>(now(v, k) / scale);
    }
    head.bias[static_cast<std::size_t>(k)] = static_cast<float>(now(values, k));
  }
  return head;
}

DenseHead fit_gaussian(const Examples& examples, const DenseHead& shipped, double strength) {
  const auto labels = static_cast<Index>(shipped.bias.size());
  const auto values = static_cast<Index>(examples.values);
  MatrixXd rows = embeddings_of(examples);
  MatrixXd means = MatrixXd::Zero(values, labels);
  VectorXd counts = VectorXd::Zero(labels);
  for (Index i = 0; i < rows.rows(); ++i) {
    const int k = examples.truths[static_cast<std::size_t>(i)];
    ++counts[k];
    means.col(k) += rows.row(i).transpose();
  }
  for (Index k = 0; k < labels; ++k) means.col(k) /= std::max(counts[k], 1.0);
  for (Index i = 0; i < rows.rows(); ++i) {
    rows.row(i) -= means.col(examples.truths[static_cast<std::size_t>(i)]).transpose();
  }
  MatrixXd covariance = rows.transpose() * weights_of(examples.truths).asDiagonal() * rows;
  const double ball = covariance.trace() / static_cast<double>(values) + 1e-9;
  covariance *= 1 - strength;
  covariance.diagonal().array() += strength * ball;
  const MatrixXd directions = covariance.llt().solve(means);
  DenseHead head = shipped;
  for (Index k = 0; k < labels; ++k) {
    const bool has_cells = counts[k] > 0;
    for (Index v = 0; v < values; ++v) {
      head.weights[static_cast<std::size_t>(k * values + v)] =
          has_cells ? static_cast<float>(directions(v, k)) : 0.0F;
    }
    head.bias[static_cast<std::size_t>(k)] =
        has_cells ? static_cast<float>(-0.5 * directions.col(k).dot(means.col(k))) : kNever;
  }
  return head;
}

}  // namespace

std::string name_of(const HeadChoice& choice) {
  switch (choice.kind) {
    case HeadKind::shipped: return "as it was";
    case HeadKind::logistic: return fmt::format("logistic regression, held by {}", choice.strength);
    case HeadKind::gaussian: return fmt::format("class means, shrunk by {}", choice.strength);
    case HeadKind::maps: return "class means of maps, taught by the pictures";
  }
  return "";
}

std::vector<HeadChoice> head_choices() {
  return {{HeadKind::shipped, 0},
          {HeadKind::logistic, kHold},
          {HeadKind::gaussian, 0.1},
          {HeadKind::gaussian, 0.5}};
}

DenseHead fit_head(const Examples& examples, const DenseHead& shipped, const HeadChoice& choice) {
  switch (choice.kind) {
    case HeadKind::shipped: return shipped;
    case HeadKind::logistic: return fit_logistic(examples, shipped, choice.strength);
    case HeadKind::gaussian: return fit_gaussian(examples, shipped, choice.strength);
    case HeadKind::maps: break;
  }
  return shipped;
}

std::vector<float> logits_of(const DenseHead& head, std::span<const float> embedding) {
  std::vector<float> logits;
  for (std::size_t k = 0; k < head.bias.size(); ++k) {
    double sum = head.bias[k];
    for (std::size_t v = 0; v < embedding.size(); ++v) {
      sum += double{head.weights[k * embedding.size() + v]} * embedding[v];
    }
    logits.push_back(static_cast<float>(sum));
  }
  return logits;
}

std::vector<int> folds_of(std::span<const int> truths, std::span<const std::string> families,
                          int folds, std::uint64_t seed) {
  std::map<std::string, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < families.size(); ++i) members[families[i]].push_back(i);
  std::vector<std::string> names;
  for (const auto& [name, rows] : members) names.push_back(name);
  Random random(seed, stream_of("adapt folds"), 0);
  random.shuffle(std::span(names));
  std::map<int, std::vector<std::size_t>> dealt;  // class → rows in each fold
  std::vector<int> fold(truths.size());
  for (const auto& name : names) {
    auto& of_class = dealt[truths[members[name].front()]];
    of_class.resize(static_cast<std::size_t>(folds));
    const auto least = std::min_element(of_class.begin(), of_class.end());
    *least += members[name].size();
    for (const std::size_t row : members[name]) {
      fold[row] = static_cast<int>(least - of_class.begin());
    }
  }
  return fold;
}

}  // namespace bloodcell::adapt
