// A network with its optimiser (Adam, adam.hpp), one step at a time, behind plain types.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/graph/graph.hpp>
#include <bloodcell/graph/weights.hpp>

namespace bloodcell::train {

struct LearnerOptions {
  double weight_decay = 0;
  double label_smoothing = 0;
  std::string device = "auto";  // as in Config
};

// Adam's memory. Named as the trainable parameters are; empty before the first step.
struct OptimiserState {
  std::int64_t steps = 0;
  graph::Weights first_moments;
  graph::Weights second_moments;
};

struct StepResult {
  double loss = 0;  // mean over the batch, of the weights before the step
  int right = 0;    // images whose largest logit is their label's
};

// Not thread-safe. The same steps from the same state give the same bits on one machine with one
// libtorch and one number of threads.
class Learner {
 public:
  // Errors: mismatch (weights that do not fit), usage (CUDA that is not there).
  [[nodiscard]] static Result<Learner> make(const graph::Graph& graph,
                                            const graph::Weights& weights,
                                            const LearnerOptions& options);
  Learner(Learner&&) noexcept;
  Learner& operator=(Learner&&) noexcept;
  ~Learner();

  // images: labels.size() × C × H × W. A loss that is not finite is an error (internal) and changes
  // no trainable weight. Dropout depends on dropout_seed alone.
  [[nodiscard]] Result<StepResult> step(std::span<const float> images,
                                        std::span<const std::int64_t> labels, double learning_rate,
                                        std::uint64_t dropout_seed);

  // Evaluation mode. Returns count × classes.
  [[nodiscard]] Result<std::vector<float>> logits(std::span<const float> images, int count);

  [[nodiscard]] graph::Weights weights() const;
  [[nodiscard]] OptimiserState optimiser() const;
  // Errors: mismatch, naming the tensor that does not fit.
  [[nodiscard]] Result<void> restore(const graph::Weights& weights, const OptimiserState& state);

  [[nodiscard]] std::int64_t steps() const;
  [[nodiscard]] std::string device() const;  // `CPU`, `CUDA`

 private:
  struct Impl;
  explicit Learner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Errors: usage, for a name that is not auto, cpu or cuda and for CUDA that is not there.
[[nodiscard]] Result<void> check_device(const std::string& name);

}  // namespace bloodcell::train
