// Class means over more values than there are cells.
#pragma once

#include <span>
#include <vector>

#include <Eigen/Core>

#include <bloodcell/model_file/retouch.hpp>

namespace bloodcell::adapt {

// Linear discriminant analysis (Fisher 1936) by one covariance shrunk half way to a ball, each
// value first brought to mean 0 and deviation 1. Calculated with the products of the rows, so that
// time and memory go with rows² and not with values². All rows, once and for all; fits by any of
// them.
class WideMeans {
 public:
  static constexpr int kUntaught = -1;

  // rows × values, at least one row.
  WideMeans(const std::vector<float>& rows, std::size_t values);

  [[nodiscard]] std::size_t rows() const { return static_cast<std::size_t>(products_.rows()); }

  struct Fit {
    Eigen::MatrixXd by_row;  // rows × labels: a logit is a sum of products with the rows
    Eigen::VectorXd bias;    // labels
  };
  // truths: of each row, or kUntaught; at least one taught. Classes weigh alike; one without a row
  // is never named. O(taught³).
  [[nodiscard]] Fit fit(std::span<const int> truths, std::size_t labels) const;

  [[nodiscard]] std::vector<float> logits(const Fit& fit, std::size_t row) const;

  // The same of the values as they come.
  [[nodiscard]] model_file::DenseHead head(const Fit& fit) const;

 private:
  Eigen::MatrixXf standard_;  // rows × values
  Eigen::MatrixXd products_;  // rows × rows
  Eigen::VectorXd mean_;      // values
  Eigen::VectorXd deviation_;
};

}  // namespace bloodcell::adapt
