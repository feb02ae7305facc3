#include "unit_cube.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace bloodcell::tune {
namespace {

constexpr double kMostSteps = 64;

}  // namespace

UnitCube::UnitCube(std::vector<Distribution> space) : space_(std::move(space)) {
  for (std::size_t d = 0; d < space_.size(); ++d) {
    intervals_.push_back(interval_of(space_[d]));
    auto& grid = grids_.emplace_back();
    if (is_category(d)) {
      for (std::size_t i = 0; i < choice_count(space_[d]); ++i)
        grid.push_back(static_cast<double>(i));
      continue;
    }
    const Interval& interval = intervals_[d];
    if (interval.step == 0) continue;
    const double low = interval.log ? std::exp(interval.low) : interval.low;
    const double high = interval.log ? std::exp(interval.high) : interval.high;
    const double steps = std::round((high - low) / interval.step);
    if (steps > kMostSteps) continue;
    for (int i = 0; i < static_cast<int>(steps); ++i)
      grid.push_back(coordinate_of(d, low + (i + 0.5) * interval.step));
  }
}

bool UnitCube::is_category(std::size_t d) const {
  return std::holds_alternative<Categories>(space_[d]);
}

double UnitCube::coordinate_of(std::size_t d, double inner) const {
  if (is_category(d)) return inner;
  const Interval& interval = intervals_[d];
  const double point = interval.log ? std::log(inner) : inner;
  return std::clamp((point - interval.low) / (interval.high - interval.low), 0.0, 1.0);
}

double UnitCube::inner_of(std::size_t d, double coordinate) const {
  if (is_category(d)) return coordinate;
  const Interval& interval = intervals_[d];
  return tune::snapped(space_[d], interval.low + coordinate * (interval.high - interval.low));
}

double UnitCube::at_quantile(std::size_t d, double u) const {
  return coordinate_of(d, tune::at_quantile(space_[d], u));
}

Eigen::VectorXd UnitCube::snapped(const Eigen::VectorXd& point) const {
  Eigen::VectorXd result(point.size());
  for (std::size_t d = 0; d < size(); ++d) {
    const auto place = static_cast<Eigen::Index>(d);
    result[place] = coordinate_of(d, inner_of(d, point[place]));
  }
  return result;
}

}  // namespace bloodcell::tune
