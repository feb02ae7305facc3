#include "align.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <Eigen/Core>
#include <Eigen/LU>
#include <Eigen/SparseCore>

namespace bloodcell::adapt {

namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Neighbours = Eigen::SparseMatrix<double>;
using Values =
    Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

constexpr int kRounds = 3;
constexpr Index kNeighbours = 5;
constexpr int kTalks = 10;  // in which neighbours come to agree
constexpr double kMostStretch = 2;
constexpr double kLeastVariance = 1e-6;
constexpr std::size_t kFewestOfAClass = 4;
constexpr double kLeastPart = 0.01;  // of the values' mean variance, where an offset is judged

// What is known of the classes: means [classes, values], and the variance within each.
struct Known {
  MatrixXd means;
  ArrayXd variance;
};

Known known_of(const model_file::Familiarity& familiarity) {
  const auto values = static_cast<Index>(familiarity.values);
  const auto classes = static_cast<Index>(familiarity.means.size()) / values;
  MatrixXd whitening = MatrixXd::Zero(values, values);
  std::size_t at = 0;
  for (Index row = 0; row < values; ++row) {
    for (Index column = 0; column <= row; ++column)
      whitening(row, column) = familiarity.whitening[at++];
  }
  const MatrixXd root = whitening.triangularView<Eigen::Lower>().solve(
      MatrixXd::Identity(values, values));  // of the covariance
  return {Values(familiarity.means.data(), classes, values).cast<double>(),
          root.array().square().rowwise().sum()};
}

// Of each value of an embedding.
struct Moments {
  ArrayXd mean;
  ArrayXd variance;
};

Moments moments_of(const MatrixXd& cells) {
  const VectorXd mean = cells.colwise().mean();
  return {mean, (cells.rowwise() - mean.transpose()).array().square().colwise().mean()};
}

// Those of known cells whose classes come in these shares.
Moments moments_in(const Known& known, const VectorXd& shares) {
  const VectorXd mean = known.means.transpose() * shares;
  const MatrixXd apart = known.means.rowwise() - mean.transpose();
  return {mean, known.variance + (apart.array().square().matrix().transpose() * shares).array()};
}

MatrixXd softmax(const MatrixXd& logits) {
  MatrixXd p = (logits.colwise() - logits.rowwise().maxCoeff()).array().exp();
  return p.array().colwise() / p.rowwise().sum().array();
}

// 1 where each is among the other's nearest by angle, ½ where only one is, else nothing.
Neighbours neighbours_of(const MatrixXd& cells) {
  const VectorXd lengths = cells.rowwise().norm().array() + 1e-12;
  const MatrixXd directions = cells.array().colwise() / lengths.array();
  const Index count = std::min(kNeighbours, cells.rows() - 1);
  std::vector<Eigen::Triplet<double>> pairs;
  std::vector<Index> order(static_cast<std::size_t>(cells.rows()));
  for (Index cell = 0; cell < cells.rows(); ++cell) {
    VectorXd nearness = directions * directions.row(cell).transpose();
    nearness[cell] = -2;  // less than any
    std::iota(order.begin(), order.end(), Index{0});
    std::partial_sort(order.begin(), order.begin() + count, order.end(), [&](Index a, Index b) {
      return nearness[a] != nearness[b] ? nearness[a] > nearness[b] : a < b;
    });
    for (Index i = 0; i < count; ++i) {
      const Index other = order[static_cast<std::size_t>(i)];
      pairs.emplace_back(cell, other, 0.5);
      pairs.emplace_back(other, cell, 0.5);
    }
  }
  Neighbours near(cells.rows(), cells.rows());
  near.setFromTriplets(pairs.begin(), pairs.end());
  return near;
}

// Probabilities that neighbours agree on.
MatrixXd agreed(const MatrixXd& cells, const MatrixXd& logits) {
  const Neighbours near = neighbours_of(cells);
  MatrixXd p = softmax(logits);
  const MatrixXd own = (p.array() + 1e-12).log();
  for (int talk = 0; talk < kTalks; ++talk) p = softmax(own + near * p);
  return p;
}

std::vector<int> likeliest(const MatrixXd& probabilities) {
  std::vector<int> classes;
  for (Index cell = 0; cell < probabilities.rows(); ++cell) {
    Index best = 0;
    probabilities.row(cell).maxCoeff(&best);
    classes.push_back(static_cast<int>(best));
  }
  return classes;
}

}  // namespace

Alignment alignment_of(const std::vector<float>& embeddings, const model_file::DenseHead& head,
                       const model_file::Familiarity& familiarity) {
  const auto values = static_cast<Index>(head.values);
  const auto classes = static_cast<Index>(head.bias.size());
  const MatrixXd given =
      Values(embeddings.data(), static_cast<Index>(embeddings.size()) / values, values)
          .cast<double>();
  const MatrixXd weights = Values(head.weights.data(), classes, values).cast<double>();
  const VectorXd bias = Eigen::Map<const Eigen::VectorXf>(head.bias.data(), classes).cast<double>();
  const Known known = known_of(familiarity);
  const Moments own = moments_of(given);

  ArrayXd scale = ArrayXd::Ones(values);
  ArrayXd shift = ArrayXd::Zero(values);
  Alignment alignment;
  for (int round = 0; round < kRounds; ++round) {
    const MatrixXd moved =
        (given.array().rowwise() * scale.transpose()).rowwise() + shift.transpose();
    const MatrixXd logits = (moved * weights.transpose()).rowwise() + bias.transpose();
    const MatrixXd probabilities = agreed(moved, logits);
    const VectorXd shares = probabilities.colwise().mean();
    const Moments due = moments_in(known, shares);
    scale = ((due.variance + kLeastVariance) / (own.variance + kLeastVariance)).sqrt();
    scale = scale.max(1 / kMostStretch).min(kMostStretch);
    shift = due.mean - scale * own.mean;
    alignment.offset =
        ((own.mean - due.mean).square() / (due.variance + kLeastPart * due.variance.mean())).mean();
    alignment.largest_share = shares.maxCoeff();
    alignment.classes = likeliest(probabilities);
  }
  alignment.scale.assign(scale.begin(), scale.end());
  alignment.shift.assign(shift.begin(), shift.end());
  return alignment;
}

std::vector<std::size_t> evened(const std::vector<int>& classes) {
  std::map<int, std::vector<std::size_t>> cells;
  for (std::size_t i = 0; i < classes.size(); ++i) cells[classes[i]].push_back(i);
  std::erase_if(cells, [](const auto& of) { return of.second.size() < kFewestOfAClass; });
  std::vector<std::size_t> rows;
  if (cells.empty()) {
    rows.resize(classes.size());
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    return rows;
  }
  const std::size_t each = (classes.size() + cells.size() - 1) / cells.size();
  for (const auto& [label, own] : cells) {
    for (std::size_t i = 0; i < each; ++i) rows.push_back(own[i % own.size()]);
  }
  return rows;
}

Result<model_file::ModelFile> with_alignment(const model_file::ModelFile& file,
                                             const Alignment& alignment) {
  BC_ASSIGN(auto head, model_file::dense_head(file));
  const auto& scale = alignment.scale;
  const auto& shift = alignment.shift;
  const std::size_t values = scale.size();
  // w · (scale ∘ x + shift) = (w ∘ scale) · x + w · shift
  const auto take_in = [&](float* weights) {
    double moved = 0;
    for (std::size_t v = 0; v < values; ++v) {
      moved += weights[v] * shift[v];
      weights[v] = static_cast<float>(weights[v] * scale[v]);
    }
    return moved;
  };
  for (std::size_t label = 0; label < head.bias.size(); ++label) {
    head.bias[label] += static_cast<float>(take_in(&head.weights[label * values]));
  }
  BC_ASSIGN(auto aligned, model_file::with_dense_head(file, head));
  auto& trust = aligned.description.trust;
  if (!trust) return aligned;
  if (auto& others = trust->other_things) others->bias += take_in(others->weights.data());
  if (auto& familiar = trust->familiarity) {
    // whitening · (scale ∘ x + shift − mean) = (whitening ∘ scale) · (x − (mean − shift) / scale)
    for (std::size_t i = 0; i < familiar->means.size(); ++i) {
      const std::size_t v = i % values;
      familiar->means[i] = static_cast<float>((familiar->means[i] - shift[v]) / scale[v]);
    }
    float* factor = familiar->whitening.data();
    for (std::size_t row = 0; row < values; ++row) {
      for (std::size_t column = 0; column <= row; ++column, ++factor) {
        *factor = static_cast<float>(*factor * scale[column]);
      }
    }
  }
  return aligned;
}

}  // namespace bloodcell::adapt
