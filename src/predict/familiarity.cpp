#include <cmath>

#include <bloodcell/predict/calibrate.hpp>

namespace bloodcell::predict {

namespace {

constexpr double kShrinkage = 0.1;

using Square = std::vector<std::vector<double>>;

std::vector<std::vector<double>> means_of(std::span<const float> embeddings,
                                          std::span<const int> truths, std::size_t labels) {
  const std::size_t values = embeddings.size() / truths.size();
  std::vector<std::vector<double>> means(labels, std::vector<double>(values));
  std::vector<double> all(values);
  std::vector<double> rows(labels);
  for (std::size_t i = 0; i < truths.size(); ++i) {
    const auto label = static_cast<std::size_t>(truths[i]);
    ++rows[label];
    for (std::size_t v = 0; v < values; ++v) {
      means[label][v] += embeddings[i * values + v];
      all[v] += embeddings[i * values + v] / static_cast<double>(truths.size());
    }
  }
  for (std::size_t label = 0; label < labels; ++label) {
    if (rows[label] == 0) {
      means[label] = all;
      continue;
    }
    for (double& value : means[label]) value /= rows[label];
  }
  return means;
}

Square covariance_within(std::span<const float> embeddings, std::span<const int> truths,
                         const std::vector<std::vector<double>>& means) {
  const std::size_t values = means.front().size();
  Square covariance(values, std::vector<double>(values));
  std::vector<double> apart(values);
  for (std::size_t i = 0; i < truths.size(); ++i) {
    const auto& mean = means[static_cast<std::size_t>(truths[i])];
    for (std::size_t v = 0; v < values; ++v) apart[v] = embeddings[i * values + v] - mean[v];
    for (std::size_t r = 0; r < values; ++r) {
      for (std::size_t c = 0; c <= r; ++c) covariance[r][c] += apart[r] * apart[c];
    }
  }
  double trace = 0;
  for (std::size_t r = 0; r < values; ++r) {
    for (std::size_t c = 0; c <= r; ++c) covariance[r][c] /= static_cast<double>(truths.size());
    trace += covariance[r][r];
  }
  constexpr double kLeast = 1e-9;  // values that never change still have an inverse
  for (std::size_t r = 0; r < values; ++r) {
    for (std::size_t c = 0; c <= r; ++c) covariance[r][c] *= 1 - kShrinkage;
    covariance[r][r] += kShrinkage * trace / static_cast<double>(values) + kLeast;
  }
  return covariance;
}

// The lower triangle L with L Lᵀ = matrix (Cholesky), in place.
void factorise(Square& matrix) {
  for (std::size_t r = 0; r < matrix.size(); ++r) {
    for (std::size_t c = 0; c <= r; ++c) {
      double sum = matrix[r][c];
      for (std::size_t k = 0; k < c; ++k) sum -= matrix[r][k] * matrix[c][k];
      matrix[r][c] = r == c ? std::sqrt(sum) : sum / matrix[c][c];
    }
  }
}

// The inverse of a lower triangle, by forward substitution.
Square inverse_of(const Square& triangle) {
  Square inverse(triangle.size(), std::vector<double>(triangle.size()));
  for (std::size_t c = 0; c < triangle.size(); ++c) {
    for (std::size_t r = c; r < triangle.size(); ++r) {
      double sum = r == c ? 1 : 0;
      for (std::size_t k = c; k < r; ++k) sum -= triangle[r][k] * inverse[k][c];
      inverse[r][c] = sum / triangle[r][r];
    }
  }
  return inverse;
}

}  // namespace

model_file::Familiarity fit_familiarity(std::span<const float> embeddings,
                                        std::span<const int> truths, std::size_t labels) {
  const auto means = means_of(embeddings, truths, labels);
  Square triangle = covariance_within(embeddings, truths, means);
  factorise(triangle);
  const Square whitening = inverse_of(triangle);
  model_file::Familiarity familiarity;
  familiarity.values = means.front().size();
  for (const auto& mean : means) {
    familiarity.means.insert(familiarity.means.end(), mean.begin(), mean.end());
  }
  for (std::size_t r = 0; r < whitening.size(); ++r) {
    for (std::size_t c = 0; c <= r; ++c) {
      familiarity.whitening.push_back(static_cast<float>(whitening[r][c]));
    }
  }
  return familiarity;
}

}  // namespace bloodcell::predict
