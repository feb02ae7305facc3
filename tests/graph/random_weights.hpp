// Weights for a graph that keep its values of the order of one, so that 1e-4 means something.
#pragma once

#include <cmath>
#include <string>

#include <bloodcell/base/random.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/graph.hpp>
#include <bloodcell/graph/weights.hpp>

namespace bloodcell::test {

// About the smallest input that a network takes.
inline graph::Shape small_input(const graph::ArchitectureInfo& info) {
  const bool shrinks_more = info.name == "benchmark" || info.name.starts_with("inception");
  return shrinks_more ? graph::Shape{3, 80, 88} : graph::Shape{3, 40, 48};
}

inline graph::Weights random_weights(const graph::Graph& graph, std::uint64_t seed = 1) {
  graph::Weights weights;
  std::uint64_t index = 0;
  for (const auto& spec : graph.parameters()) {
    Random random(seed, stream_of("test weights"), index++);
    const bool is_layer = spec.dims.size() > 1;
    const double fan_in =
        is_layer ? static_cast<double>(spec.values()) / static_cast<double>(spec.dims[0]) : 1;
    graph::Tensor tensor{spec.dims, std::vector<float>(static_cast<std::size_t>(spec.values()))};
    for (float& value : tensor.values) {
      if (is_layer) {
        value = static_cast<float>(random.normal() / std::sqrt(fan_in));
      } else if (spec.name.ends_with(".running_var") || spec.name.ends_with(".weight")) {
        value = static_cast<float>(random.uniform(0.5, 1.5));
      } else {
        value = static_cast<float>(random.uniform(-0.5, 0.5));
      }
    }
    weights[spec.name] = std::move(tensor);
  }
  return weights;
}

}  // namespace bloodcell::test
