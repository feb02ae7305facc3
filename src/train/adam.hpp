// Adam (Kingma & Ba 2015; β 0.9 and 0.999, ε 1e-7 outside the bias correction as Keras has it) with
// decoupled weight decay (Loshchilov & Hutter 2019) on kernels; biases and norms do not decay.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <torch/types.h>

#include <bloodcell/train/learner.hpp>

namespace bloodcell::train {

class Adam {
 public:
  explicit Adam(std::vector<std::pair<std::string, torch::Tensor>> trainable);

  // One step along the gradients, which are dropped.
  void step(double learning_rate, double weight_decay);

  [[nodiscard]] OptimiserState state() const;
  // Errors: mismatch, naming the moment that does not fit.
  [[nodiscard]] Result<void> restore(const OptimiserState& state);
  [[nodiscard]] std::int64_t steps() const { return steps_; }

 private:
  struct Slot {
    std::string name;
    torch::Tensor value;
    torch::Tensor first_moment;
    torch::Tensor second_moment;
  };

  [[nodiscard]] Result<void> check(const graph::Weights& moments, std::string_view which) const;

  std::vector<Slot> slots_;
  std::int64_t steps_ = 0;
};

}  // namespace bloodcell::train
