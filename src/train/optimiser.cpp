#include "optimiser.hpp"

#include <cmath>

#include <bloodcell/nn/module.hpp>

namespace bloodcell::train {

namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEpsilon = 1e-7;

}  // namespace

Optimiser::Optimiser(const NamedTensors& trainable, OptimiserOptions options,
                     const std::vector<double>& factors)
    : options_(options) {
  const torch::NoGradGuard no_gradients;
  for (const auto& [name, value] : trainable) {
    const double factor = factors.empty() ? 1 : factors[slots_.size()];
    slots_.push_back({name, value, factor, torch::zeros_like(value), {}, false, 0});
    if (options_.kind != OptimiserKind::sgd) {
      slots_.back().second_moment = torch::zeros_like(value);
    }
  }
}

void Optimiser::step(double learning_rate, double weight_decay) {
  const torch::NoGradGuard no_gradients;
  ++steps_;
  for (auto& slot : slots_) {
    torch::Tensor gradient = slot.value.grad();
    if (!gradient.defined()) continue;
    const double rate = learning_rate * slot.factor;
    const bool decays = weight_decay != 0 && slot.value.dim() > 1;
    if (decays && options_.kind == OptimiserKind::adamw) {
      slot.value.mul_(1 - rate * weight_decay);
    } else if (decays) {
      gradient = gradient.add(slot.value, weight_decay);
    }
    if (options_.kind == OptimiserKind::sgd) {
      step_sgd(slot, gradient, rate);
    } else {
      step_adam(slot, gradient, rate);
    }
    slot.value.mutable_grad().reset();
  }
}

void Optimiser::learn_since(std::int64_t steps) {
  for (auto& slot : slots_) {
    if (slot.has_begun || !slot.value.requires_grad()) continue;
    slot.has_begun = true;
    slot.since = steps;
  }
}

void Optimiser::step_adam(Slot& slot, const torch::Tensor& gradient, double rate) const {
  const auto t = static_cast<double>(steps_ - slot.since);
  const double corrected = rate * std::sqrt(1 - std::pow(kBeta2, t)) / (1 - std::pow(kBeta1, t));
  slot.first_moment.mul_(kBeta1).add_(gradient, 1 - kBeta1);
  slot.second_moment.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
  slot.value.addcdiv_(slot.first_moment, slot.second_moment.sqrt().add_(kEpsilon), -corrected);
}

void Optimiser::step_sgd(Slot& slot, const torch::Tensor& gradient, double rate) const {
  slot.first_moment.mul_(options_.momentum).add_(gradient);
  if (options_.nesterov) {
    slot.value.add_(gradient.add(slot.first_moment, options_.momentum), -rate);
  } else {
    slot.value.add_(slot.first_moment, -rate);
  }
}

OptimiserState Optimiser::state() const {
  OptimiserState state{steps_, {}, {}};
  for (const auto& slot : slots_) {
    state.first_moments.emplace(slot.name, nn::to_plain(slot.first_moment));
    if (slot.second_moment.defined()) {
      state.second_moments.emplace(slot.name, nn::to_plain(slot.second_moment));
    }
  }
  return state;
}

Result<void> Optimiser::check(const graph::Weights& moments, std::string_view which) const {
  for (const auto& slot : slots_) {
    const auto found = moments.find(slot.name);
    if (found == moments.end() || found->second.dims != slot.value.sizes().vec()) {
      return fail(ErrorCode::mismatch,
                  fmt::format("the optimiser's {} moment of {} is missing or of another shape",
                              which, slot.name));
    }
  }
  return {};
}

Result<void> Optimiser::restore(const OptimiserState& state) {
  const bool has_second = options_.kind != OptimiserKind::sgd;
  BC_CHECK(check(state.first_moments, "first"));
  if (has_second) BC_CHECK(check(state.second_moments, "second"));
  const torch::NoGradGuard no_gradients;
  for (auto& slot : slots_) {
    slot.first_moment.copy_(nn::to_torch(state.first_moments.at(slot.name)));
    if (has_second) slot.second_moment.copy_(nn::to_torch(state.second_moments.at(slot.name)));
  }
  steps_ = state.steps;
  return {};
}

double gradient_norm(const NamedTensors& trainable) {
  const torch::NoGradGuard no_gradients;
  double squares = 0;
  for (const auto& [name, value] : trainable) {
    if (!value.grad().defined()) continue;
    const auto length = value.grad().norm().item<double>();
    squares += length * length;
  }
  return std::sqrt(squares);
}

void scale_gradients(const NamedTensors& trainable, double factor) {
  const torch::NoGradGuard no_gradients;
  for (const auto& [name, value] : trainable) {
    if (value.grad().defined()) value.mutable_grad().mul_(factor);
  }
}

}  // namespace bloodcell::train
