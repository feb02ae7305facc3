#include <bloodcell/train/learner.hpp>

#include <cmath>
#include <exception>
#include <utility>

#include <torch/cuda.h>
#include <torch/types.h>

#include <bloodcell/nn/module.hpp>

#include "adam.hpp"

namespace bloodcell::train {
namespace {

using torch::Tensor;

Result<torch::Device> device_named(const std::string& name) {
  if (name == "cpu") return torch::Device(torch::kCPU);
  const bool has_cuda = torch::cuda::is_available();
  if (name == "auto") return torch::Device(has_cuda ? torch::kCUDA : torch::kCPU);
  if (name != "cuda") {
    return fail(ErrorCode::usage, fmt::format("--device {}: auto, cpu or cuda", name));
  }
  if (has_cuda) return torch::Device(torch::kCUDA);
  return fail(ErrorCode::usage, "--device cuda: this libtorch finds no CUDA device", {},
              "take --device cpu, or build against a libtorch with CUDA (preset `gpu`)");
}

// Kernels that add in no fixed order would make a resumed run another run.
void ask_for_repeatable_kernels() {
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setBenchmarkCuDNN(false);
}

}  // namespace

struct Learner::Impl {
  nn::Module module;
  LearnerOptions options;
  Adam adam;

  Impl(const graph::Graph& graph, const graph::Weights& weights, LearnerOptions wanted,
       torch::Device device)
      : module(graph, weights, device), options(std::move(wanted)), adam(module.trainable()) {}

  // Looks at the caller's memory; libtorch has no view of constant memory, and nothing writes here.
  [[nodiscard]] Tensor view_of(std::span<const float> images, std::int64_t count) const {
    const auto& shape = module.graph().input_shape();
    TORCH_CHECK(static_cast<std::int64_t>(images.size()) == count * shape.values(), images.size(),
                " values are not ", count, " inputs");
    return torch::from_blob(const_cast<float*>(images.data()),
                            {count, shape.channels, shape.height, shape.width});
  }

  StepResult step(std::span<const float> images, std::span<const std::int64_t> labels,
                  double learning_rate, std::uint64_t dropout_seed) {
    const auto count = static_cast<std::int64_t>(labels.size());
    const Tensor truth =
        torch::tensor(at::ArrayRef<std::int64_t>(labels.data(), labels.size())).to(module.device());
    const Tensor logits = module.learn(view_of(images, count), dropout_seed);
    const Tensor loss = torch::cross_entropy_loss(logits, truth, {}, at::Reduction::Mean, -100,
                                                  options.label_smoothing);
    const StepResult result{loss.item<double>(),
                            logits.detach().argmax(1).eq(truth).sum().item<int>()};
    if (!std::isfinite(result.loss)) return result;
    loss.backward();
    adam.step(learning_rate, options.weight_decay);
    return result;
  }
};

Learner::Learner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Learner::Learner(Learner&&) noexcept = default;
Learner& Learner::operator=(Learner&&) noexcept = default;
Learner::~Learner() = default;

Result<Learner> Learner::make(const graph::Graph& graph, const graph::Weights& weights,
                              const LearnerOptions& options) {
  BC_CHECK(graph::check_weights(graph, weights));
  BC_ASSIGN(const auto device, device_named(options.device));
  try {
    if (device.is_cuda()) ask_for_repeatable_kernels();
    return Learner(std::make_unique<Impl>(graph, weights, options, device));
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, fmt::format("libtorch cannot hold network `{}`: {}",
                                                 graph.architecture, error.what()));
  }
}

Result<StepResult> Learner::step(std::span<const float> images,
                                 std::span<const std::int64_t> labels, double learning_rate,
                                 std::uint64_t dropout_seed) {
  try {
    const auto result = impl_->step(images, labels, learning_rate, dropout_seed);
    if (std::isfinite(result.loss)) return result;
    return fail(ErrorCode::internal, fmt::format("the loss became {}", result.loss), {},
                "try a smaller --lr, or --input-scale unit or signed");
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, fmt::format("libtorch failed: {}", error.what()));
  }
}

Result<std::vector<float>> Learner::logits(std::span<const float> images, int count) {
  try {
    return nn::to_plain(impl_->module.evaluate(impl_->view_of(images, count))).values;
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, fmt::format("libtorch failed: {}", error.what()));
  }
}

graph::Weights Learner::weights() const { return impl_->module.weights(); }

OptimiserState Learner::optimiser() const { return impl_->adam.state(); }

Result<void> Learner::restore(const graph::Weights& weights, const OptimiserState& state) {
  BC_CHECK(graph::check_weights(impl_->module.graph(), weights));
  BC_CHECK(impl_->adam.restore(state));
  impl_->module.set_weights(weights);
  return {};
}

std::int64_t Learner::steps() const { return impl_->adam.steps(); }

std::string Learner::device() const { return impl_->module.device().is_cuda() ? "CUDA" : "CPU"; }

Result<void> check_device(const std::string& name) {
  BC_ASSIGN([[maybe_unused]] const auto device, device_named(name));
  return {};
}

}  // namespace bloodcell::train
