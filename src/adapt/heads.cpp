#include "heads.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include <bloodcell/base/random.hpp>

namespace bloodcell::adapt {

namespace {

using model_file::DenseHead;

constexpr float kNever = -1000;  // a logit that no other comes down to

using Square = std::vector<std::vector<double>>;

// The lower triangle L with L Lᵀ = matrix (Cholesky), in place; the matrix is positive definite.
void factorise(Square& matrix) {
  for (std::size_t r = 0; r < matrix.size(); ++r) {
    for (std::size_t c = 0; c <= r; ++c) {
      double sum = matrix[r][c];
      for (std::size_t k = 0; k < c; ++k) sum -= matrix[r][k] * matrix[c][k];
      matrix[r][c] = r == c ? std::sqrt(sum) : sum / matrix[c][c];
    }
  }
}

std::vector<double> solve(const Square& lower, std::vector<double> right) {
  for (std::size_t r = 0; r < right.size(); ++r) {
    for (std::size_t k = 0; k < r; ++k) right[r] -= lower[r][k] * right[k];
    right[r] /= lower[r][r];
  }
  for (std::size_t r = right.size(); r-- > 0;) {
    for (std::size_t k = r + 1; k < right.size(); ++k) right[r] -= lower[k][r] * right[k];
    right[r] /= lower[r][r];
  }
  return right;
}

// So that every class weighs the same and all weigh 1.
std::vector<double> weights_of(std::span<const int> truths) {
  std::map<int, double> rows;
  for (const int truth : truths) ++rows[truth];
  std::vector<double> weights;
  for (const int truth : truths) {
    weights.push_back(1 / (rows[truth] * static_cast<double>(rows.size())));
  }
  return weights;
}

// The root mean square of an embedding's values: strengths mean the same for every network.
double scale_of(const Examples& examples) {
  double sum = 0;
  for (const float value : examples.embeddings) sum += double{value} * value;
  return std::sqrt(sum / static_cast<double>(examples.embeddings.size())) + 1e-12;
}

// Rows with a last value of 1, for the bias.
Square with_ones(const Examples& examples, double scale) {
  Square rows;
  for (std::size_t i = 0; i < examples.truths.size(); ++i) {
    auto& row = rows.emplace_back();
    for (std::size_t v = 0; v < examples.values; ++v) {
      row.push_back(examples.embeddings[i * examples.values + v] / scale);
    }
    row.push_back(1);
  }
  return rows;
}

// Steps by the fixed upper bound of the Hessian (Böhning 1992): each lowers the loss, none needs a
// line search.
DenseHead fit_logistic(const Examples& examples, const DenseHead& shipped, double strength) {
  constexpr int kSteps = 120;
  constexpr double kBiasShare = 0.1;  // a class's bias is held less than its weights
  const std::size_t labels = shipped.bias.size();
  const std::size_t size = examples.values + 1;
  const double scale = scale_of(examples);
  const auto rows = with_ones(examples, scale);
  const auto weights = weights_of(examples.truths);
  std::vector<double> held(size, strength);
  held.back() = strength * kBiasShare;

  Square bound(size, std::vector<double>(size));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t r = 0; r < size; ++r) {
      const double weighed = 0.5 * weights[i] * rows[i][r];
      for (std::size_t c = 0; c <= r; ++c) bound[r][c] += weighed * rows[i][c];
    }
  }
  for (std::size_t r = 0; r < size; ++r) bound[r][r] += held[r];
  factorise(bound);

  Square start(labels, std::vector<double>(size));
  for (std::size_t k = 0; k < labels; ++k) {
    for (std::size_t v = 0; v < examples.values; ++v) {
      start[k][v] = shipped.weights[k * examples.values + v] * scale;
    }
    start[k].back() = shipped.bias[k];
  }
  Square now = start;
  std::vector<double> p(labels);
  for (int step = 0; step < kSteps; ++step) {
    Square gradient(labels, std::vector<double>(size));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t k = 0; k < labels; ++k) {
        p[k] = 0;
        for (std::size_t v = 0; v < size; ++v) p[k] += now[k][v] * rows[i][v];
      }
      const double largest = *std::max_element(p.begin(), p.end());
      double sum = 0;
      for (double& one : p) sum += one = std::exp(one - largest);
      for (std::size_t k = 0; k < labels; ++k) {
        const double is_truth = static_cast<std::size_t>(examples.truths[i]) == k ? 1 : 0;
        const double apart = weights[i] * (p[k] / sum - is_truth);
        for (std::size_t v = 0; v < size; ++v) gradient[k][v] += apart * rows[i][v];
      }
    }
    for (std::size_t k = 0; k < labels; ++k) {
      for (std::size_t v = 0; v < size; ++v) gradient[k][v] += held[v] * (now[k][v] - start[k][v]);
      const auto down = solve(bound, gradient[k]);
      for (std::size_t v = 0; v < size; ++v) now[k][v] -= down[v];
    }
  }
  DenseHead head = shipped;
  for (std::size_t k = 0; k < labels; ++k) {
    for (std::size_t v = 0; v < examples.values; ++v) {
      head.weights[k * examples.values + v] = static_cast<float>(now[k][v] / scale);
    }
    head.bias[k] = static_cast<float>(now[k].back());
  }
  return head;
}

DenseHead fit_gaussian(const Examples& examples, const DenseHead& shipped, double strength) {
  const std::size_t labels = shipped.bias.size();
  const std::size_t values = examples.values;
  const auto weights = weights_of(examples.truths);
  Square means(labels, std::vector<double>(values));
  std::vector<double> rows(labels);
  for (std::size_t i = 0; i < examples.truths.size(); ++i) {
    const auto k = static_cast<std::size_t>(examples.truths[i]);
    ++rows[k];
    for (std::size_t v = 0; v < values; ++v) means[k][v] += examples.embeddings[i * values + v];
  }
  for (std::size_t k = 0; k < labels; ++k) {
    for (double& value : means[k]) value /= std::max(rows[k], 1.0);
  }
  Square covariance(values, std::vector<double>(values));
  std::vector<double> apart(values);
  for (std::size_t i = 0; i < examples.truths.size(); ++i) {
    const auto& mean = means[static_cast<std::size_t>(examples.truths[i])];
    for (std::size_t v = 0; v < values; ++v) {
      apart[v] = examples.embeddings[i * values + v] - mean[v];
    }
    for (std::size_t r = 0; r < values; ++r) {
      for (std::size_t c = 0; c <= r; ++c) covariance[r][c] += weights[i] * apart[r] * apart[c];
    }
  }
  double trace = 0;
  for (std::size_t r = 0; r < values; ++r) trace += covariance[r][r];
  const double ball = trace / static_cast<double>(values) + 1e-9;
  for (std::size_t r = 0; r < values; ++r) {
    for (std::size_t c = 0; c <= r; ++c) covariance[r][c] *= 1 - strength;
    covariance[r][r] += strength * ball;
  }
  factorise(covariance);
  DenseHead head = shipped;
  for (std::size_t k = 0; k < labels; ++k) {
    if (rows[k] == 0) {
      std::fill_n(head.weights.begin() + static_cast<std::ptrdiff_t>(k * values), values, 0.0F);
      head.bias[k] = kNever;
      continue;
    }
    const auto direction = solve(covariance, means[k]);
    double half = 0;
    for (std::size_t v = 0; v < values; ++v) {
      head.weights[k * values + v] = static_cast<float>(direction[v]);
      half += 0.5 * direction[v] * means[k][v];
    }
    head.bias[k] = static_cast<float>(-half);
  }
  return head;
}

}  // namespace

std::string name_of(const HeadChoice& choice) {
  switch (choice.kind) {
    case HeadKind::shipped: return "as it was";
    case HeadKind::logistic: return fmt::format("logistic regression, held by {}", choice.strength);
    case HeadKind::gaussian: return fmt::format("class means, shrunk by {}", choice.strength);
  }
  return "";
}

std::vector<HeadChoice> head_choices() {
  return {{HeadKind::shipped, 0},
          {HeadKind::logistic, 0.01},
          {HeadKind::gaussian, 0.1},
          {HeadKind::gaussian, 0.5}};
}

DenseHead fit_head(const Examples& examples, const DenseHead& shipped, const HeadChoice& choice) {
  switch (choice.kind) {
    case HeadKind::shipped: return shipped;
    case HeadKind::logistic: return fit_logistic(examples, shipped, choice.strength);
    case HeadKind::gaussian: return fit_gaussian(examples, shipped, choice.strength);
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
