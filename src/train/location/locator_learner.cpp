#include "location/locator_learner.hpp"

#include <array>
#include <cmath>
#include <exception>

#include <torch/types.h>

#include <bloodcell/nn/module.hpp>

#include "optimiser.hpp"

namespace bloodcell::train {

using torch::Tensor;

namespace {

constexpr double kSmallest = 1e-4;  // of a probability whose logarithm is taken
constexpr double kBoxWeight = 1.5;
constexpr std::array<double, smear::kKinds> kKindWeights{1.0, 0.5, 0.25};  // white, red, platelet

// All targets' values of one sort, [N, maps, rows, columns].
Tensor stacked(std::span<const smear::Targets> targets, std::vector<float> smear::Targets::* values,
               std::int64_t maps, std::int64_t rows, std::int64_t columns) {
  const auto count = static_cast<std::int64_t>(targets.size());
  Tensor all = torch::empty({count, maps, rows, columns}, torch::kFloat32);
  float* to = all.data_ptr<float>();
  for (const auto& target : targets)
    to = std::copy((target.*values).begin(), (target.*values).end(), to);
  return all;
}

Tensor known_kinds(std::span<const smear::Targets> targets) {
  Tensor known = torch::empty(
      {static_cast<std::int64_t>(targets.size()), static_cast<std::int64_t>(smear::kKinds), 1, 1},
      torch::kFloat32);
  float* to = known.data_ptr<float>();
  for (const auto& target : targets) to = std::copy(target.known.begin(), target.known.end(), to);
  return known;
}

// Each kind by its own centres: a field has a dozen red cells and one white one, and the white one
// is what is looked for.
Tensor centre_loss(const Tensor& logits, const Tensor& hills, const Tensor& known) {
  const Tensor p = logits.sigmoid().clamp(kSmallest, 1 - kSmallest);
  const Tensor is_centre = hills.ge(1).to(torch::kFloat32) * known;
  const Tensor at_centres = (1 - p).pow(2) * p.log() * is_centre;
  const Tensor elsewhere = (1 - hills).pow(4) * p.pow(2) * (1 - p).log() * (known - is_centre);
  const std::vector<std::int64_t> over_all_but_kinds{0, 2, 3};
  const Tensor of_kind = (at_centres + elsewhere).sum(over_all_but_kinds) /
                         is_centre.sum(over_all_but_kinds).clamp_min(1);
  const Tensor weights =
      torch::tensor(std::vector<double>(kKindWeights.begin(), kKindWeights.end()), torch::kFloat32);
  return -(of_kind * weights).sum();
}

Tensor box_loss(const Tensor& found, const Tensor& boxes, const Tensor& weight) {
  return ((found - boxes).abs() * weight).sum() / weight.sum().clamp_min(1);
}

}  // namespace

struct LocatorLearner::Impl {
  nn::Module module;
  Optimiser adam;

  Impl(const graph::Graph& graph, const graph::Weights& weights)
      : module(graph, weights, torch::kCPU), adam(module.trainable()) {}

  [[nodiscard]] Tensor view_of(std::span<const float> images, std::int64_t count) const {
    const auto& shape = module.graph().input_shape();
    return torch::from_blob(const_cast<float*>(images.data()),
                            {count, shape.channels, shape.height, shape.width});
  }

  double step(std::span<const float> images, std::span<const smear::Targets> targets, double rate,
              double decay) {
    const auto shape = module.graph().output_shape();
    const auto count = static_cast<std::int64_t>(targets.size());
    constexpr auto kKinds = static_cast<std::int64_t>(smear::kKinds);
    const Tensor maps = module.learn(view_of(images, count), 0)
                            .view({count, shape.channels, shape.height, shape.width});
    const auto all = [&](auto values, std::int64_t channels) {
      return stacked(targets, values, channels, shape.height, shape.width);
    };
    const Tensor loss =
        centre_loss(maps.narrow(1, 0, kKinds), all(&smear::Targets::centres, kKinds),
                    known_kinds(targets)) +
        kBoxWeight * box_loss(maps.narrow(1, kKinds, 4), all(&smear::Targets::boxes, 4),
                              all(&smear::Targets::box_weight, 1));
    const double value = loss.item<double>();
    if (!std::isfinite(value)) return value;
    loss.backward();
    adam.step(rate, decay);
    return value;
  }
};

LocatorLearner::LocatorLearner(const graph::Graph& graph, const graph::Weights& weights)
    : impl_(std::make_unique<Impl>(graph, weights)) {}
LocatorLearner::LocatorLearner(LocatorLearner&&) noexcept = default;
LocatorLearner::~LocatorLearner() = default;

Result<double> LocatorLearner::step(std::span<const float> images,
                                    std::span<const smear::Targets> targets, double learning_rate,
                                    double weight_decay) {
  try {
    const double loss = impl_->step(images, targets, learning_rate, weight_decay);
    if (std::isfinite(loss)) return loss;
    return fail(ErrorCode::internal, fmt::format("the loss became {}", loss), {},
                "try a smaller --lr");
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, fmt::format("libtorch failed: {}", error.what()));
  }
}

Result<std::vector<float>> LocatorLearner::maps(std::span<const float> images, int count) {
  try {
    return nn::to_plain(impl_->module.evaluate(impl_->view_of(images, count))).values;
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, fmt::format("libtorch failed: {}", error.what()));
  }
}

graph::Weights LocatorLearner::weights() const { return impl_->module.weights(); }

}  // namespace bloodcell::train
