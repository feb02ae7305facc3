#include <bloodcell/graph/graph.hpp>

#include <algorithm>
#include <numeric>

namespace bloodcell::graph {

namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

}  // namespace

std::int64_t ParameterSpec::values() const {
  return std::accumulate(dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>());
}

std::vector<ParameterSpec> Graph::parameters() const {
  std::vector<ParameterSpec> specs;
  for (const Node& node : nodes) {
    const auto add = [&](const char* role, std::vector<std::int64_t> dims, bool trainable = true) {
      specs.push_back({node.name + "." + role, std::move(dims), trainable});
    };
    const std::int64_t in = node.inputs.empty() ? 0 : nodes[node.inputs.front()].shape.channels;
    std::visit(Overloaded{[&](const Conv2d& conv) {
                            add("weight", {conv.out_channels, in / conv.groups, conv.kernel.height,
                                           conv.kernel.width});
                            if (conv.bias) add("bias", {conv.out_channels});
                          },
                          [&](const Dense& dense) {
                            add("weight", {dense.units, in});
                            add("bias", {dense.units});
                          },
                          [&](const BatchNorm&) {
                            add("weight", {in});
                            add("bias", {in});
                            add("running_mean", {in}, false);
                            add("running_var", {in}, false);
                          },
                          [&](const GroupNorm&) {
                            add("weight", {in});
                            add("bias", {in});
                          },
                          [](const auto&) {}},
               node.operation);
  }
  return specs;
}

std::int64_t Graph::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& spec : parameters()) count += spec.values();
  return count;
}

std::int64_t Graph::trainable_count() const {
  std::int64_t count = 0;
  for (const auto& spec : parameters()) count += spec.trainable ? spec.values() : 0;
  return count;
}

std::int64_t Graph::flops() const {
  std::int64_t multiply_adds = 0;
  for (const Node& node : nodes) {
    if (node.inputs.empty()) continue;
    const std::int64_t in = nodes[node.inputs.front()].shape.channels;
    if (const auto* conv = std::get_if<Conv2d>(&node.operation)) {
      multiply_adds +=
          node.shape.values() * (in / conv->groups) * conv->kernel.height * conv->kernel.width;
    } else if (std::holds_alternative<Dense>(node.operation)) {
      multiply_adds += node.shape.values() * in;
    }
  }
  return 2 * multiply_adds;
}

PaddingPixels padding_pixels(Padding padding, std::int64_t length, int kernel, int stride) {
  switch (padding) {
    case Padding::valid: return {0, 0};
    case Padding::symmetric: return {(kernel - 1) / 2, (kernel - 1) / 2};
    case Padding::same: {
      const std::int64_t outputs = (length + stride - 1) / stride;
      const std::int64_t total =
          std::max<std::int64_t>((outputs - 1) * stride + kernel - length, 0);
      return {total / 2, total - total / 2};
    }
    case Padding::ceil: {
      if (length < kernel) return {0, 0};
      const std::int64_t steps =
          std::min((length - kernel + stride - 1) / stride, (length - 1) / stride);
      return {0, std::max<std::int64_t>(steps * stride + kernel - length, 0)};
    }
  }
  return {0, 0};
}

}  // namespace bloodcell::graph
