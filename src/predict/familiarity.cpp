#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <bloodcell/predict/calibrate.hpp>

namespace bloodcell::predict {

namespace {

constexpr double kShrinkage = 0.1;

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

// The lower triangle.
Eigen::MatrixXd covariance_within(std::span<const float> embeddings, std::span<const int> truths,
                                  const std::vector<std::vector<double>>& means) {
  const auto values = static_cast<Eigen::Index>(means.front().size());
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(values, values);
  Eigen::VectorXd apart(values);
  for (std::size_t i = 0; i < truths.size(); ++i) {
    const auto& mean = means[static_cast<std::size_t>(truths[i])];
    for (std::size_t v = 0; v < mean.size(); ++v) {
      apart[static_cast<Eigen::Index>(v)] = embeddings[i * mean.size() + v] - mean[v];
    }
    covariance.selfadjointView<Eigen::Lower>().rankUpdate(apart);
  }
  covariance /= static_cast<double>(truths.size());
  constexpr double kLeast = 1e-9;  // values that never change still have an inverse
  const double ball = covariance.trace() / static_cast<double>(values);
  covariance *= 1 - kShrinkage;
  covariance.diagonal().array() += kShrinkage * ball + kLeast;
  return covariance;
}

}  // namespace

model_file::Familiarity fit_familiarity(std::span<const float> embeddings,
                                        std::span<const int> truths, std::size_t labels) {
  const auto means = means_of(embeddings, truths, labels);
  const Eigen::MatrixXd covariance = covariance_within(embeddings, truths, means);
  const Eigen::MatrixXd whitening = covariance.llt().matrixL().solve(
      Eigen::MatrixXd::Identity(covariance.rows(), covariance.cols()));
  model_file::Familiarity familiarity;
  familiarity.values = means.front().size();
  for (const auto& mean : means) {
    familiarity.means.insert(familiarity.means.end(), mean.begin(), mean.end());
  }
  for (Eigen::Index r = 0; r < whitening.rows(); ++r) {
    for (Eigen::Index c = 0; c <= r; ++c) {
      familiarity.whitening.push_back(static_cast<float>(whitening(r, c)));
    }
  }
  return familiarity;
}

}  // namespace bloodcell::predict
