#include "together.hpp"

#include <cmath>
#include <variant>

namespace bloodcell::train {

using torch::Tensor;

RunningStatistics::RunningStatistics(const nn::Module& module, graph::NodeId learns_from) {
  const auto& nodes = module.graph().nodes;
  for (graph::NodeId id = learns_from; id < nodes.size(); ++id) {
    const auto* norm = std::get_if<graph::BatchNorm>(&nodes[id].operation);
    if (norm == nullptr) continue;
    norms_.push_back({module.parameters().at(nodes[id].name + ".running_mean"),
                      module.parameters().at(nodes[id].name + ".running_var"), norm->momentum});
  }
}

void RunningStatistics::forget() {
  const torch::NoGradGuard no_gradients;
  for (auto& values : all()) values.zero_();
}

void RunningStatistics::age(int parts) {
  const torch::NoGradGuard no_gradients;
  for (auto& norm : norms_) {
    const double left = std::pow(1 - norm.momentum, parts);
    norm.mean.mul_(left);
    norm.variance.mul_(left);
  }
}

std::vector<Tensor> RunningStatistics::all() {
  std::vector<Tensor> found;
  for (const auto& norm : norms_) {
    found.push_back(norm.mean);
    found.push_back(norm.variance);
  }
  return found;
}

Result<void> add_up(Group& group, std::size_t count, StepResult& result,
                    std::vector<std::size_t>& strange) {
  std::vector<double> sums(count + 2);
  sums[0] = result.loss;
  sums[1] = result.right;
  for (const auto position : strange) sums[2 + position] = 1;
  BC_CHECK(group.sum(std::span(sums)));
  result.loss = sums[0];
  result.right = static_cast<int>(sums[1]);
  strange.clear();
  for (std::size_t i = 0; i < count; ++i) {
    if (sums[2 + i] > 0) strange.push_back(i);
  }
  return {};
}

Result<void> add_up(Group& group, const NamedTensors& trainable, RunningStatistics& statistics,
                    int parts_after) {
  const torch::NoGradGuard no_gradients;
  statistics.age(parts_after);
  std::vector<Tensor> places;
  for (const auto& [name, value] : trainable) {
    if (!value.grad().defined()) value.mutable_grad() = torch::zeros_like(value);
    places.push_back(value.grad());
  }
  for (auto& values : statistics.all()) places.push_back(std::move(values));
  std::int64_t size = 0;
  for (const auto& place : places) size += place.numel();
  if (size == 0) return {};
  Tensor flat = torch::empty({size}, places.front().options().requires_grad(false));
  const auto each = [&](const auto& what) {
    std::int64_t begin = 0;
    for (auto& place : places) {
      what(flat.narrow(0, begin, place.numel()).view(place.sizes()), place);
      begin += place.numel();
    }
  };
  each([](Tensor in_flat, const Tensor& place) { in_flat.copy_(place); });
  BC_CHECK(group.sum(flat));
  each([](const Tensor& in_flat, Tensor& place) { place.copy_(in_flat); });
  return {};
}

}  // namespace bloodcell::train
