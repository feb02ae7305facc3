// What the processes of a group add up in a step.
#pragma once

#include <vector>

#include <torch/types.h>

#include <bloodcell/nn/module.hpp>
#include <bloodcell/train/group.hpp>
#include <bloodcell/train/learner.hpp>

#include "optimiser.hpp"

namespace bloodcell::train {

// Of the batch norms that learn. A step of n parts makes r' = (1 − m)^n r + Σ m (1 − m)^(n−1−i)
// s_i: linear, so that each process but the first begins at 0 and the sum is what one process would
// have.
class RunningStatistics {
 public:
  RunningStatistics(const nn::Module& module, graph::NodeId learns_from);

  void forget();                     // set to 0
  void age(int parts);               // as that many parts would that come after
  std::vector<torch::Tensor> all();  // sharing memory

 private:
  struct Norm {
    torch::Tensor mean, variance;
    double momentum = 0;
  };
  std::vector<Norm> norms_;
};

// Loss, right answers and the images that were not finite, of a batch of `count`.
[[nodiscard]] Result<void> add_up(Group& group, std::size_t count, StepResult& result,
                                  std::vector<std::size_t>& strange);

// Gradients and statistics; parts_after: of the batch, in the processes after this one.
[[nodiscard]] Result<void> add_up(Group& group, const NamedTensors& trainable,
                                  RunningStatistics& statistics, int parts_after);

}  // namespace bloodcell::train
