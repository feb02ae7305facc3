// Weights of several trainings of one network, averaged tensor by tensor: one network of the same
// size. It pays where the trainings began alike and lie in one valley of the loss (Izmailov et al.
// 2018, stochastic weight averaging; Wortsman et al. 2022, model soups; Rame et al. 2022 for
// sources not learned from). Statistics of batch norm are averaged like the rest: an epoch of
// training, or calibration by pictures, sets them right.
#pragma once

#include <cstdint>

#include <bloodcell/graph/weights.hpp>

namespace bloodcell::graph {

// Takes one more file's weights into the mean of `count` files, count ≥ 1. Equal weights stay as
// they are to the bit. Errors: mismatch naming the first tensor that one of both lacks, or that has
// another shape, or a value that is not finite; the mean is then as it was.
[[nodiscard]] Result<void> take_into_mean(Weights& mean, std::int64_t count, const Weights& next);

}  // namespace bloodcell::graph
