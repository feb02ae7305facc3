// A smooth function's minimum within bounds, by NLopt's L-BFGS (Liu and Nocedal 1989).
#pragma once

#include <functional>

#include <Eigen/Core>

namespace bloodcell::tune {

// x -> value; writes the gradient, which has x's size.
using Smooth = std::function<double(const Eigen::VectorXd& x, Eigen::VectorXd& gradient)>;

struct Bounds {
  Eigen::VectorXd low;
  Eigen::VectorXd high;
};

// The best point that was evaluated, `start` if none was better; at most `most_steps` evaluations.
// Deterministic. Values that are not finite end the search.
[[nodiscard]] Eigen::VectorXd descend(const Smooth& function, const Eigen::VectorXd& start,
                                      const Bounds& bounds, int most_steps);

}  // namespace bloodcell::tune
