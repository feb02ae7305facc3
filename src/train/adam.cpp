#include "adam.hpp"

#include <cmath>

#include <bloodcell/nn/module.hpp>

namespace bloodcell::train {

namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEpsilon = 1e-7;

}  // namespace

Adam::Adam(std::vector<std::pair<std::string, torch::Tensor>> trainable) {
  const torch::NoGradGuard no_gradients;
  for (auto& [name, value] : trainable) {
    slots_.push_back({name, value, torch::zeros_like(value), torch::zeros_like(value)});
  }
}

void Adam::step(double learning_rate, double weight_decay) {
  const torch::NoGradGuard no_gradients;
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const double rate =
      learning_rate * std::sqrt(1 - std::pow(kBeta2, t)) / (1 - std::pow(kBeta1, t));
  const double decay = learning_rate * weight_decay;
  for (auto& slot : slots_) {
    const torch::Tensor& gradient = slot.value.grad();
    if (!gradient.defined()) continue;
    if (decay != 0 && slot.value.dim() > 1) slot.value.mul_(1 - decay);
    slot.first_moment.mul_(kBeta1).add_(gradient, 1 - kBeta1);
    slot.second_moment.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
    slot.value.addcdiv_(slot.first_moment, slot.second_moment.sqrt().add_(kEpsilon), -rate);
    slot.value.mutable_grad().reset();
  }
}

OptimiserState Adam::state() const {
  OptimiserState state{steps_, {}, {}};
  for (const auto& slot : slots_) {
    state.first_moments.emplace(slot.name, nn::to_plain(slot.first_moment));
    state.second_moments.emplace(slot.name, nn::to_plain(slot.second_moment));
  }
  return state;
}

Result<void> Adam::check(const graph::Weights& moments, std::string_view which) const {
  for (const auto& slot : slots_) {
    const auto found = moments.find(slot.name);
    if (found == moments.end() || found->second.dims != slot.value.sizes().vec()) {
      return fail(
          ErrorCode::mismatch,
          fmt::format("Adam's {} moment of {} is missing or of another shape", which, slot.name));
    }
  }
  return {};
}

Result<void> Adam::restore(const OptimiserState& state) {
  BC_CHECK(check(state.first_moments, "first"));
  BC_CHECK(check(state.second_moments, "second"));
  const torch::NoGradGuard no_gradients;
  for (auto& slot : slots_) {
    slot.first_moment.copy_(nn::to_torch(state.first_moments.at(slot.name)));
    slot.second_moment.copy_(nn::to_torch(state.second_moments.at(slot.name)));
  }
  steps_ = state.steps;
  return {};
}

}  // namespace bloodcell::train
