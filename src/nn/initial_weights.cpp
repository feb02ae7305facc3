#include <algorithm>
#include <cmath>

#include <bloodcell/base/random.hpp>
#include <bloodcell/nn/network.hpp>

namespace bloodcell::nn {
namespace {

struct Fans {
  double in = 0;
  double out = 0;
};

// Of a kernel [out, in, h, w] or [out, in].
Fans fans_of(const std::vector<std::int64_t>& dims) {
  double window = 1;
  for (std::size_t i = 2; i < dims.size(); ++i) window *= static_cast<double>(dims[i]);
  return {static_cast<double>(dims[1]) * window, static_cast<double>(dims[0]) * window};
}

bool normalises(const graph::Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const graph::Node& node) {
    return std::holds_alternative<graph::BatchNorm>(node.operation) ||
           std::holds_alternative<graph::GroupNorm>(node.operation);
  });
}

bool starts_at_one(const std::string& name) {
  return name.ends_with(".running_var") || name.ends_with(".weight");
}

}  // namespace

graph::Weights initial_weights(const graph::Graph& graph, std::uint64_t seed) {
  const bool he_normal = normalises(graph);
  graph::Weights weights;
  for (const auto& spec : graph.parameters()) {
    auto& tensor = weights[spec.name];
    tensor.dims = spec.dims;
    tensor.values.resize(static_cast<std::size_t>(spec.values()));
    if (spec.dims.size() < 2) {
      std::fill(tensor.values.begin(), tensor.values.end(), starts_at_one(spec.name) ? 1.F : 0.F);
      continue;
    }
    const Fans fans = fans_of(spec.dims);
    const double deviation = std::sqrt(2 / fans.in);
    const double limit = std::sqrt(6 / (fans.in + fans.out));
    Random random(seed, stream_of(spec.name), 0);
    std::generate(tensor.values.begin(), tensor.values.end(), [&] {
      return static_cast<float>(he_normal ? deviation * random.normal()
                                          : random.uniform(-limit, limit));
    });
  }
  return weights;
}

}  // namespace bloodcell::nn
