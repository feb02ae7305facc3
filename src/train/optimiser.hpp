// How gradients move the weights: Adam (Kingma & Ba 2015; β 0.9 and 0.999, ε 1e-7 outside the bias
// correction as Keras has it), AdamW (decoupled decay, Loshchilov & Hutter 2019) or stochastic
// gradient descent with momentum (Sutskever et al. 2013 for Nesterov's, in PyTorch's form). Kernels
// decay, biases and norms do not; Adam and SGD decay through the gradient.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <torch/types.h>

#include <bloodcell/train/learner.hpp>

namespace bloodcell::train {

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

class Optimiser {
 public:
  // factors: of the learning rate, one a tensor; empty: all 1.
  explicit Optimiser(const NamedTensors& trainable, OptimiserOptions options = {},
                     const std::vector<double>& factors = {});

  // One step along the gradients, which are dropped. A weight without a gradient stays.
  void step(double learning_rate, double weight_decay);

  // Weights that have a gradient from now on and had none before begin to learn after so many
  // steps: Adam corrects their moments from there. Not called: all learn from the first step on.
  void learn_since(std::int64_t steps);

  [[nodiscard]] OptimiserState state() const;
  // Errors: mismatch, naming the moment that does not fit.
  [[nodiscard]] Result<void> restore(const OptimiserState& state);
  [[nodiscard]] std::int64_t steps() const { return steps_; }

 private:
  struct Slot {
    std::string name;
    torch::Tensor value;
    double factor = 1;
    torch::Tensor first_moment;
    torch::Tensor second_moment;  // not with SGD
    bool has_begun = false;
    std::int64_t since = 0;  // steps before its first
  };

  void step_adam(Slot& slot, const torch::Tensor& gradient, double rate) const;
  void step_sgd(Slot& slot, const torch::Tensor& gradient, double rate) const;
  [[nodiscard]] Result<void> check(const graph::Weights& moments, std::string_view which) const;

  OptimiserOptions options_;
  std::vector<Slot> slots_;
  std::int64_t steps_ = 0;
};

// The Euclidean length of all gradients together, summed in double.
[[nodiscard]] double gradient_norm(const NamedTensors& trainable);

void scale_gradients(const NamedTensors& trainable, double factor);

}  // namespace bloodcell::train
