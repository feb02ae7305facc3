#include <bloodcell/train/learner.hpp>

#include <algorithm>
#include <cmath>
#include <exception>
#include <optional>
#include <set>
#include <utility>

#include <torch/cuda.h>
#include <torch/types.h>

#include <bloodcell/graph/backbone.hpp>
#include <bloodcell/nn/module.hpp>

#include "loss.hpp"
#include "optimiser.hpp"
#include "share.hpp"
#include "together.hpp"

namespace bloodcell::train {
namespace {

using torch::Tensor;

Result<torch::Device> device_named(const std::string& name, int index = 0) {
  if (name == "cpu") return torch::Device(torch::kCPU);
  const bool has_cuda = torch::cuda::is_available();
  const auto cuda = [index] {
    return torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(index));
  };
  if (name == "auto") return has_cuda ? cuda() : torch::Device(torch::kCPU);
  if (name != "cuda") {
    return fail(ErrorCode::usage, fmt::format("--device {}: auto, cpu or cuda", name));
  }
  if (has_cuda) return cuda();
  return fail(ErrorCode::usage, "--device cuda: this libtorch finds no CUDA device", {},
              "take --device cpu, or build against a libtorch with CUDA (preset `gpu`)");
}

// Kernels that add in no fixed order would make a resumed run another run.
void ask_for_repeatable_kernels() {
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setBenchmarkCuDNN(false);
}

NamedTensors learning_weights(nn::Module& module, graph::NodeId first) {
  module.train_from(first);
  return module.trainable();
}

std::vector<double> rate_factors(const NamedTensors& trainable, const graph::Graph& graph,
                                 double of_backbone) {
  const auto names = graph::parameters_before(graph, graph.features + 1);
  const std::set<std::string> backbone(names.begin(), names.end());
  std::vector<double> factors;
  for (const auto& [name, value] : trainable) {
    factors.push_back(backbone.contains(name) ? of_backbone : 1);
  }
  return factors;
}

}  // namespace

struct Learner::Impl {
  nn::Module module;
  std::optional<nn::Module> average;
  LearnerOptions options;
  NamedTensors trainable;
  Optimiser optimiser;
  std::vector<std::size_t> strange;
  Group alone;
  Group& group;
  RunningStatistics statistics;

  Impl(const graph::Graph& graph, const graph::Weights& weights, LearnerOptions wanted,
       torch::Device device, Group* together)
      : module(graph, weights, device),
        options(std::move(wanted)),
        trainable(learning_weights(module, options.learns_from)),
        optimiser(trainable, options.optimiser,
                  rate_factors(trainable, graph, options.backbone_rate_factor)),
        group(together != nullptr ? *together : alone),
        statistics(module, std::max(options.learns_from, options.keeps_statistics_before)) {
    if (options.ema_decay > 0) average.emplace(graph, weights, device);
    module.keep_statistics_before(options.keeps_statistics_before);
    module.begin_after(options.begins_after);
    if (average) average->begin_after(options.begins_after);
  }

  // Looks at the caller's memory; libtorch has no view of constant memory, and nothing writes here.
  [[nodiscard]] static Tensor view_of(std::span<const float> images, std::int64_t count,
                                      const graph::Shape& shape) {
    TORCH_CHECK(static_cast<std::int64_t>(images.size()) == count * shape.values(), images.size(),
                " values are not ", count, " inputs");
    return torch::from_blob(const_cast<float*>(images.data()),
                            {count, shape.channels, shape.height, shape.width});
  }

  [[nodiscard]] Tensor given(std::span<const float> images, std::int64_t count) const {
    return view_of(images, count, module.graph().nodes[options.begins_after].shape);
  }

  // Adds the gradients of images [first, first + count) of the batch to those that are there;
  // images and teacher begin with image `given_from`.
  void learn_part(const Tensor& images, const Tensor& labels, const Targets& targets,
                  const Tensor& teacher, std::int64_t given_from, std::int64_t first,
                  std::int64_t count, std::uint64_t dropout_seed, StepResult& result) {
    const auto part = [&](const Tensor& all, std::int64_t from = 0) {
      return all.narrow(0, first - from, count).to(module.device());
    };
    const Tensor logits = module.learn(part(images, given_from), dropout_seed);
    Tensor losses = cross_entropy(logits, part(targets.shares));
    if (teacher.defined()) {
      const double share = options.distillation_weight;
      losses = (1 - share) * losses + share * divergence_from(part(teacher, given_from), logits,
                                                              options.distillation_temperature);
    }
    note_strange(losses, first);
    const Tensor loss = losses.dot(part(targets.weights));
    result.loss += loss.item<double>();
    result.right += logits.detach().argmax(1).eq(part(labels)).sum().item<int>();
    if (!strange.empty()) return;
    (first == 0 ? loss + module.penalty() : loss).backward();
  }

  void note_strange(const Tensor& losses, std::int64_t first) {
    const Tensor finite = losses.detach().isfinite();
    if (finite.all().item<bool>()) return;
    const Tensor positions = finite.logical_not().nonzero().flatten().to(torch::kCPU);
    const auto* found = positions.data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < positions.numel(); ++i) {
      strange.push_back(static_cast<std::size_t>(first + found[i]));
    }
  }

  Result<StepResult> step(const LearningBatch& batch, double learning_rate,
                          std::uint64_t dropout_seed) {
    strange.clear();
    const std::size_t size = batch.labels.size();
    const auto share = share_of(size, options.accumulate, group.rank(), group.size());
    const auto begin = static_cast<std::int64_t>(share.first);
    const auto end = static_cast<std::int64_t>(share.first + share.count);
    const Tensor images = given(batch.images, end - begin);
    const Tensor labels =
        torch::tensor(at::ArrayRef<std::int64_t>(batch.labels.data(), batch.labels.size()));
    const Targets targets = targets_of(batch.labels, batch.soft_labels, module.graph().classes(),
                                       options.label_smoothing, options.class_weights);
    const Tensor teacher =
        batch.teacher_logits.empty()
            ? Tensor()
            : table_of(batch.teacher_logits, end - begin, module.graph().classes());
    StepResult result;
    const auto most = static_cast<std::int64_t>(
        part_size(size, static_cast<std::size_t>(options.accumulate * group.size())));
    if (!group.leads()) statistics.forget();
    for (std::int64_t first = begin; first < end && strange.empty(); first += most) {
      learn_part(images, labels, targets, teacher, begin, first, std::min(most, end - first),
                 dropout_seed + static_cast<std::uint64_t>(first), result);
    }
    if (group.size() > 1) {
      BC_CHECK(add_up(group, size, result, strange));
      const std::int64_t left = static_cast<std::int64_t>(size) - end;
      if (strange.empty()) {
        BC_CHECK(add_up(group, trainable, statistics, static_cast<int>((left + most - 1) / most)));
      }
    }
    if (strange.empty()) result.gradient_norm = gradient_norm(trainable);
    if (!strange.empty() || !std::isfinite(result.gradient_norm)) {
      drop_gradients();
      return result;
    }
    if (options.clip_norm > 0 && result.gradient_norm > options.clip_norm) {
      scale_gradients(trainable, options.clip_norm / result.gradient_norm);
    }
    optimiser.step(learning_rate, options.weight_decay);
    if (average) follow();
    return result;
  }

  [[nodiscard]] nn::Module& answering() { return average ? *average : module; }

  void drop_gradients() {
    for (auto& [name, value] : trainable) value.mutable_grad().reset();
  }

  // The average's memory grows with the steps, so that the first weights are soon forgotten.
  void follow() {
    const torch::NoGradGuard no_gradients;
    const auto steps = static_cast<double>(optimiser.steps());
    const double decay = std::min(options.ema_decay, (1 + steps) / (10 + steps));
    for (const auto& [name, value] : module.parameters()) {
      average->parameters().at(name).lerp_(value, 1 - decay);
    }
  }
};

Learner::Learner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Learner::Learner(Learner&&) noexcept = default;
Learner& Learner::operator=(Learner&&) noexcept = default;
Learner::~Learner() = default;

Result<Learner> Learner::make(const graph::Graph& graph, const graph::Weights& weights,
                              const LearnerOptions& options, Group* group) {
  BC_CHECK(graph::check_weights(graph, weights));
  BC_ASSIGN(const auto device,
            device_named(options.device, group != nullptr ? group->local_rank() : 0));
  try {
    if (device.is_cuda()) ask_for_repeatable_kernels();
    return Learner(std::make_unique<Impl>(graph, weights, options, device, group));
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, fmt::format("libtorch cannot hold network `{}`: {}",
                                                 graph.architecture, error.what()));
  }
}

Result<StepResult> Learner::step(const LearningBatch& batch, double learning_rate,
                                 std::uint64_t dropout_seed) {
  constexpr const char* kRemedy =
      "try a smaller --lr, --clip-norm, or --input-scale unit or signed";
  try {
    BC_ASSIGN(const auto result, impl_->step(batch, learning_rate, dropout_seed));
    if (!impl_->strange.empty()) {
      return fail(ErrorCode::internal, fmt::format("the loss became {}", result.loss), {}, kRemedy);
    }
    if (std::isfinite(result.gradient_norm)) return result;
    return fail(ErrorCode::internal,
                fmt::format("the gradient's length became {}", result.gradient_norm), {}, kRemedy);
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, fmt::format("libtorch failed: {}", error.what()));
  }
}

void Learner::learn_from(graph::NodeId first, std::int64_t since) {
  impl_->trainable = learning_weights(impl_->module, first);
  impl_->statistics = RunningStatistics(impl_->module, first);
  impl_->optimiser.learn_since(since);
}

const std::vector<std::size_t>& Learner::strange() const { return impl_->strange; }

Result<std::vector<float>> Learner::features(std::span<const float> images, int count) {
  try {
    nn::Module& module = impl_->module;
    return nn::to_plain(module.features(Impl::view_of(images, count, module.graph().input_shape()),
                                        impl_->options.begins_after))
        .values;
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, fmt::format("libtorch failed: {}", error.what()));
  }
}

Result<std::vector<float>> Learner::logits(std::span<const float> images, int count) {
  try {
    return nn::to_plain(impl_->answering().evaluate(impl_->given(images, count))).values;
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, fmt::format("libtorch failed: {}", error.what()));
  }
}

graph::Weights Learner::answering_weights() const { return impl_->answering().weights(); }

LearnerState Learner::state() const {
  return {impl_->module.weights(), impl_->optimiser.state(),
          impl_->average ? impl_->average->weights() : graph::Weights{}};
}

Result<void> Learner::restore(const LearnerState& state) {
  BC_CHECK(graph::check_weights(impl_->module.graph(), state.weights));
  if (impl_->average) BC_CHECK(graph::check_weights(impl_->module.graph(), state.averages));
  BC_CHECK(impl_->optimiser.restore(state.optimiser));
  impl_->module.set_weights(state.weights);
  if (impl_->average) impl_->average->set_weights(state.averages);
  return {};
}

std::int64_t Learner::steps() const { return impl_->optimiser.steps(); }

std::string Learner::device() const { return impl_->module.device().is_cuda() ? "CUDA" : "CPU"; }

bool has_cuda() { return torch::cuda::is_available(); }

Result<void> check_device(const std::string& name) {
  BC_ASSIGN([[maybe_unused]] const auto device, device_named(name));
  return {};
}

}  // namespace bloodcell::train
