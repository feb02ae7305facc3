#include <bloodcell/graph/weights.hpp>

#include <algorithm>

namespace bloodcell::graph {

Result<void> check_weights(const Graph& graph, const Weights& weights) {
  std::size_t known = 0;
  for (const auto& spec : graph.parameters()) {
    const auto found = weights.find(spec.name);
    if (found == weights.end()) {
      return fail(ErrorCode::mismatch, fmt::format("the weights have no {}, which {} needs",
                                                   spec.name, graph.architecture));
    }
    if (found->second.dims != spec.dims ||
        static_cast<std::int64_t>(found->second.values.size()) != spec.values()) {
      return fail(ErrorCode::mismatch, fmt::format("weight {} is [{}], {} needs [{}]", spec.name,
                                                   fmt::join(found->second.dims, ", "),
                                                   graph.architecture, fmt::join(spec.dims, ", ")));
    }
    ++known;
  }
  if (known == weights.size()) return {};
  const auto specs = graph.parameters();
  for (const auto& [name, tensor] : weights) {
    const bool wanted = std::any_of(specs.begin(), specs.end(),
                                    [&](const ParameterSpec& spec) { return spec.name == name; });
    if (!wanted) {
      return fail(ErrorCode::mismatch,
                  fmt::format("weight {} is not part of {}", name, graph.architecture));
    }
  }
  return {};
}

}  // namespace bloodcell::graph
