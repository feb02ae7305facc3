// A network with its loss and its optimiser, one step at a time, behind plain types.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/graph/graph.hpp>
#include <bloodcell/graph/weights.hpp>
#include <bloodcell/train/group.hpp>

namespace bloodcell::train {

enum class OptimiserKind { sgd, adam, adamw };

struct OptimiserOptions {
  OptimiserKind kind = OptimiserKind::adamw;
  double momentum = 0.9;  // SGD's alone
  bool nesterov = false;
};

struct LearnerOptions {
  OptimiserOptions optimiser{};
  double weight_decay = 0;
  double label_smoothing = 0;
  std::vector<float> class_weights{};  // of the loss, one a class; empty: all 1
  double clip_norm = 0;                // gradients are shortened to it; 0: never
  int accumulate = 1;    // parts that a batch goes through the network in, ≥ 1: less memory
  double ema_decay = 0;  // of the averaged weights; 0: none are kept
  graph::NodeId learns_from = 0;  // layers before it compute as in evaluation and stay for good
  // Batch norms before it use running statistics, which stay; their weights learn. 0: none.
  graph::NodeId keeps_statistics_before = 0;
  graph::NodeId begins_after = 0;   // > 0: what it is given are the outputs of this layer
  double backbone_rate_factor = 1;  // of the learning rate, for all but the graph's head
  double distillation_weight = 0;   // of the teachers in the loss
  double distillation_temperature = 1;
  std::string device = "auto";  // as in Config
};

// The optimiser's memory. Named as the trainable parameters are; the second moments are Adam's.
struct OptimiserState {
  std::int64_t steps = 0;
  graph::Weights first_moments;
  graph::Weights second_moments;
};

struct LearnerState {
  graph::Weights weights;
  OptimiserState optimiser;
  graph::Weights averages;  // empty without EMA
};

// What one step looks at: images of this process's share of the batch (share_of; alone: all),
// labels of the whole.
struct LearningBatch {
  std::span<const float> images;            // own share × C × H × W, or × its features
  std::span<const std::int64_t> labels;     // of the image, or of the larger part of a mixed one
  std::span<const float> soft_labels{};     // labels.size() × classes, rows sum to 1; empty: labels
  std::span<const float> teacher_logits{};  // own share × classes; empty: no teacher
};

struct StepResult {
  double loss = 0;           // mean over the batch, of the weights before the step
  int right = 0;             // images whose largest logit is their label's
  double gradient_norm = 0;  // before it was clipped
};

// Not thread-safe. The same steps from the same state give the same bits on one machine with one
// libtorch and one number of threads.
class Learner {
 public:
  // The group's processes take each step together, with gradients and running statistics as one
  // process would have them that takes their parts one after the other, up to rounding; it outlives
  // the learner. Null: alone. Errors: mismatch (weights that do not fit), usage (CUDA that is not
  // there).
  [[nodiscard]] static Result<Learner> make(const graph::Graph& graph,
                                            const graph::Weights& weights,
                                            const LearnerOptions& options, Group* group = nullptr);
  Learner(Learner&&) noexcept;
  Learner& operator=(Learner&&) noexcept;
  ~Learner();

  // The loss is the cross entropy to the smoothed labels; with class weights each image counts by
  // its class's. The gradients are those of the loss and of the graph's own penalty (l2 of dense
  // layers), which the result leaves out. With a teacher it is (1 − w) of that and w · T² of the
  // divergence of the answer from the teacher's, both softened by T (Hinton et al. 2015). A loss or
  // a gradient that is not finite is an error (internal) and changes no trainable weight. Dropout
  // depends on dropout_seed alone.
  [[nodiscard]] Result<StepResult> step(const LearningBatch& batch, double learning_rate,
                                        std::uint64_t dropout_seed);

  // From the next step on what stands before layer `first`, ≥ options.learns_from, stays as in
  // evaluation. What learns now and did not before has taken no step in the first `since` of all.
  void learn_from(graph::NodeId first, std::int64_t since);

  // The images of the last step's batch whose own loss was not finite, as positions in it.
  [[nodiscard]] const std::vector<std::size_t>& strange() const;

  // What begins_after asks for, of pictures: count × its values, in evaluation mode.
  [[nodiscard]] Result<std::vector<float>> features(std::span<const float> images, int count);

  // Evaluation mode, with the averaged weights where they are kept. Returns count × classes.
  [[nodiscard]] Result<std::vector<float>> logits(std::span<const float> images, int count);
  // The weights that logits() uses.
  [[nodiscard]] graph::Weights answering_weights() const;

  [[nodiscard]] LearnerState state() const;
  // Errors: mismatch, naming the tensor that does not fit.
  [[nodiscard]] Result<void> restore(const LearnerState& state);

  [[nodiscard]] std::int64_t steps() const;
  [[nodiscard]] std::string device() const;  // `CPU`, `CUDA`

 private:
  struct Impl;
  explicit Learner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Errors: usage, for a name that is not auto, cpu or cuda and for CUDA that is not there.
[[nodiscard]] Result<void> check_device(const std::string& name);

[[nodiscard]] bool has_cuda();

}  // namespace bloodcell::train
