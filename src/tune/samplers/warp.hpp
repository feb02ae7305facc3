// Values made fit for a Gaussian process.
#pragma once

#include <Eigen/Core>

namespace bloodcell::tune {

// Mean 0 and deviation 1; all 0 when the values are equal.
[[nodiscard]] Eigen::VectorXd standardised(const Eigen::VectorXd& values);

// Standardised, then bent towards a normal distribution and standardised again (Yeo and Johnson
// 2000; for search, Cowen-Rivers et al. 2022): a few large values then do not flatten all others.
// Keeps the order. The parameter is the likeliest of a grid.
[[nodiscard]] Eigen::VectorXd normalised(const Eigen::VectorXd& values);

}  // namespace bloodcell::tune
