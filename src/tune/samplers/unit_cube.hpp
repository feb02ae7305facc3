// Hyperparameters as points of [0, 1]^d, as a Gaussian process wants them: a range by its place in
// its interval (its logarithm where it has one), a category by the number of its choice.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <Eigen/Core>

#include <bloodcell/tune/distribution.hpp>

namespace bloodcell::tune {

class UnitCube {
 public:
  explicit UnitCube(std::vector<Distribution> space);

  [[nodiscard]] std::size_t size() const { return space_.size(); }
  [[nodiscard]] bool is_category(std::size_t d) const;
  // Few enough to be tried one by one: categories, and steps up to 64 of them. Their coordinates in
  // ascending order; empty for what is searched as a continuum.
  [[nodiscard]] const std::vector<double>& grid(std::size_t d) const { return grids_[d]; }

  [[nodiscard]] double coordinate_of(std::size_t d, double inner) const;
  [[nodiscard]] double inner_of(std::size_t d, double coordinate) const;
  // u in [0, 1) -> a coordinate that the dimension has.
  [[nodiscard]] double at_quantile(std::size_t d, double u) const;
  // The nearest point whose every coordinate is one that its dimension has.
  [[nodiscard]] Eigen::VectorXd snapped(const Eigen::VectorXd& point) const;

 private:
  std::vector<Distribution> space_;
  std::vector<Interval> intervals_;
  std::vector<std::vector<double>> grids_;
};

}  // namespace bloodcell::tune
