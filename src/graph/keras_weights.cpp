#include <algorithm>
#include <vector>

#include <bloodcell/graph/keras.hpp>

namespace bloodcell::graph {

namespace {

// The file's own names of layers numbered by Keras: conv2d, conv2d_1, …, in order. Counting goes
// on from network to network in a process of Keras, so that files start at any number.
std::vector<std::string> numbered(const KerasLayers& layers, const std::string& kind) {
  std::vector<std::pair<long, std::string>> found;
  for (const auto& [name, tensors] : layers) {
    if (tensors.empty() || !name.starts_with(kind)) continue;
    const std::string rest = name.substr(kind.size());
    if (rest.empty()) {
      found.emplace_back(0, name);
    } else if (rest[0] == '_' && rest.size() > 1 && rest.size() < 8 &&
               rest.find_first_not_of("0123456789", 1) == std::string::npos) {
      found.emplace_back(std::stol(rest.substr(1)), name);
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (auto& [place, name] : found) names.push_back(std::move(name));
  return names;
}

std::string name_in_file(const KerasLayers& layers, const std::string& layer) {
  const auto mark = layer.find('#');
  if (mark == std::string::npos) return layer;
  const auto names = numbered(layers, layer.substr(0, mark));
  const std::size_t place = std::stoul(layer.substr(mark + 1));
  return place <= names.size() ? names[place - 1] : layer;
}

// The axes of `tensor` in another order: result[i0, i1, …] with side k = side order[k] of tensor.
Tensor transposed(const Tensor& tensor, const std::vector<std::size_t>& order) {
  const std::size_t rank = order.size();
  std::vector<std::size_t> steps(rank, 1);
  for (std::size_t i = rank - 1; i > 0; --i) {
    steps[i - 1] = steps[i] * static_cast<std::size_t>(tensor.dims[i]);
  }
  Tensor result;
  for (const std::size_t axis : order) result.dims.push_back(tensor.dims[axis]);
  result.values.reserve(tensor.values.size());
  std::vector<std::int64_t> index(rank, 0);
  for (std::size_t n = 0; n < tensor.values.size(); ++n) {
    std::size_t from = 0;
    for (std::size_t k = 0; k < rank; ++k) {
      from += static_cast<std::size_t>(index[k]) * steps[order[k]];
    }
    result.values.push_back(tensor.values[from]);
    for (std::size_t k = rank; k-- > 0;) {
      if (++index[k] < result.dims[k]) break;
      index[k] = 0;
    }
  }
  return result;
}

// A layer of the graph and the tensors of the file that are its parameters.
struct Pair {
  const Graph& graph;
  const Node& node;
  const std::map<std::string, Tensor>& tensors;
  std::string layer;

  [[nodiscard]] Result<Tensor> tensor(const std::string& role, std::size_t rank) const {
    const auto found = tensors.find(role);
    if (found == tensors.end() || found->second.dims.size() != rank) {
      return fail(ErrorCode::mismatch,
                  fmt::format("{} is Keras' {}, which has no {} of {} sides in this file",
                              node.name, layer, role, rank));
    }
    return found->second;
  }

  // [H, W, in, out] -> [out, in, H, W]; depthwise [H, W, in, 1] -> [in, 1, H, W].
  [[nodiscard]] Result<Tensor> conv_weight(const Conv2d& conv) const {
    const bool is_depthwise = conv.groups > 1;
    const bool is_separable = tensors.contains("pointwise_kernel");
    BC_ASSIGN(const Tensor kernel, tensor(is_depthwise   ? "depthwise_kernel"
                                          : is_separable ? "pointwise_kernel"
                                                         : "kernel",
                                          4));
    return is_depthwise ? transposed(kernel, {2, 3, 0, 1}) : transposed(kernel, {3, 2, 0, 1});
  }

  // [in, out] -> [out, in]; behind Flatten in is [H, W, C] in Keras and [C, H, W] here.
  [[nodiscard]] Result<Tensor> dense_weight() const {
    BC_ASSIGN(Tensor kernel, tensor("kernel", 2));
    const std::vector<std::int64_t> dims{kernel.dims[1], kernel.dims[0]};
    const Node& before = graph.nodes[node.inputs[0]];
    if (!std::holds_alternative<Flatten>(before.operation)) return transposed(kernel, {1, 0});
    const Shape& maps = graph.nodes[before.inputs[0]].shape;
    if (maps.values() != dims[1]) {
      return fail(ErrorCode::mismatch,
                  fmt::format("{} takes {} values in this file, {} in {}", node.name, dims[1],
                              maps.values(), graph.architecture));
    }
    kernel.dims = {maps.height, maps.width, maps.channels, dims[0]};
    kernel = transposed(kernel, {3, 2, 0, 1});
    kernel.dims = dims;
    return kernel;
  }
};

Result<void> add_norm(const Pair& pair, Weights& weights) {
  const std::string& name = pair.node.name;
  BC_ASSIGN(weights[name + ".bias"], pair.tensor("beta", 1));
  BC_ASSIGN(weights[name + ".running_mean"], pair.tensor("moving_mean", 1));
  BC_ASSIGN(weights[name + ".running_var"], pair.tensor("moving_variance", 1));
  if (pair.tensors.contains("gamma")) {
    BC_ASSIGN(weights[name + ".weight"], pair.tensor("gamma", 1));
  } else {
    Tensor ones = weights[name + ".bias"];
    std::fill(ones.values.begin(), ones.values.end(), 1.0F);
    weights[name + ".weight"] = std::move(ones);
  }
  return {};
}

}  // namespace

Result<Weights> import_keras_weights(const Graph& graph, const KerasLayers& layers) {
  static const std::map<std::string, Tensor> kNone;
  Weights weights;
  for (const Node& node : graph.nodes) {
    const auto* conv = std::get_if<Conv2d>(&node.operation);
    const bool is_dense = std::holds_alternative<Dense>(node.operation);
    const bool is_norm = std::holds_alternative<BatchNorm>(node.operation);
    if (conv == nullptr && !is_dense && !is_norm) continue;
    const std::string layer = name_in_file(layers, keras_layer_of(graph, node));
    const auto found = layers.find(layer);
    const Pair pair{graph, node, found == layers.end() ? kNone : found->second, layer};
    if (is_norm) {
      BC_CHECK(add_norm(pair, weights));
      continue;
    }
    BC_ASSIGN(weights[node.name + ".weight"],
              is_dense ? pair.dense_weight() : pair.conv_weight(*conv));
    if (is_dense || conv->bias) {
      BC_ASSIGN(weights[node.name + ".bias"], pair.tensor("bias", 1));
    }
  }
  BC_CHECK(check_weights(graph, weights));
  return weights;
}

}  // namespace bloodcell::graph
