#include <bloodcell/graph/backbone.hpp>

#include <algorithm>

#include <bloodcell/graph/builder.hpp>

namespace bloodcell::graph {

namespace {

constexpr int kMostHeadLayers = 8;

auto end_of_backbone(const Graph& graph) {
  return graph.nodes.begin() + static_cast<std::ptrdiff_t>(graph.features) + 1;
}

// The same output for the same input, whatever is learned.
bool is_fixed(const Operation& operation) {
  return std::holds_alternative<Activate>(operation) ||
         std::holds_alternative<MaxPool2d>(operation) ||
         std::holds_alternative<AveragePool2d>(operation) ||
         std::holds_alternative<GlobalAveragePool>(operation) ||
         std::holds_alternative<Flatten>(operation);
}

}  // namespace

Graph backbone_of(const Graph& graph) {
  return {graph.architecture, {graph.nodes.begin(), end_of_backbone(graph)}, graph.features};
}

Graph head_of(const Graph& graph) {
  Graph head{graph.architecture, {{"input", Input{}, {}, graph.nodes[graph.features].shape}}, 0};
  head.nodes.insert(head.nodes.end(), end_of_backbone(graph), graph.nodes.end());
  for (Node& node : head.nodes) {
    for (NodeId& input : node.inputs) input -= graph.features;
  }
  return head;
}

Result<Graph> with_head(const Graph& graph, const HeadOptions& options, int classes) {
  if (options.layers < 0 || options.layers > kMostHeadLayers) {
    return fail(ErrorCode::usage, fmt::format("a head of {} hidden layers; it has 0 to {}",
                                              options.layers, kMostHeadLayers));
  }
  Builder net(backbone_of(graph));
  NodeId x =
      options.flatten ? net.flatten(graph.features) : net.global_average_pool(graph.features);
  for (int i = 1; i <= options.layers; ++i) {
    x = net.dense(fmt::format("head.dense{}", i), x, {.units = options.width, .l2 = options.l2});
    x = net.relu(x);
    if (options.batch_norm) {
      x = net.batch_norm(fmt::format("head.norm{}", i), x, {.epsilon = 1e-3, .momentum = 0.01});
    }
    if (options.dropout != 0) x = net.dropout(x, options.dropout);
  }
  net.dense("head.logits", x, classes);
  return std::move(net).build();
}

Graph with_input_norm(const Graph& graph) {
  // A deviation below 0.03, four grey levels of 255 where pixels run from −1 to 1, is noise, which
  // nobody wants made larger.
  constexpr double kLeastVariance = 1e-3;
  Graph result{graph.architecture, graph.nodes, graph.features + 1};
  for (Node& node : result.nodes) {
    for (NodeId& input : node.inputs) ++input;
  }
  const Shape& shape = graph.input_shape();
  const GroupNorm norm{.groups = static_cast<int>(shape.channels), .epsilon = kLeastVariance};
  result.nodes.insert(result.nodes.begin() + 1, {std::string(kInputNorm), norm, {0}, shape});
  return result;
}

bool has_input_norm(const Graph& graph) {
  return graph.nodes.size() > 1 && graph.nodes[1].name == kInputNorm;
}

Graph without_input_norm(const Graph& graph) {
  if (!has_input_norm(graph)) return graph;
  Graph result{graph.architecture, graph.nodes, graph.features - 1};
  result.nodes.erase(result.nodes.begin() + 1);
  for (Node& node : result.nodes) {
    for (NodeId& input : node.inputs) --input;
  }
  return result;
}

Result<NodeId> layer_named(const Graph& graph, std::string_view name) {
  const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                  [&](const Node& node) { return node.name == name; });
  if (found != graph.nodes.end()) return static_cast<NodeId>(found - graph.nodes.begin());
  std::vector<std::string> names;
  for (const ParameterSpec& spec : graph.parameters()) {
    const std::string layer = spec.name.substr(0, spec.name.rfind('.'));
    if (names.empty() || names.back() != layer) names.push_back(layer);
  }
  constexpr std::size_t kShown = 12;
  const std::size_t step = std::max<std::size_t>(1, (names.size() + kShown - 1) / kShown);
  std::string some;
  for (std::size_t i = 0; i < names.size(); i += step) some += (i == 0 ? "" : ", ") + names[i];
  return fail(ErrorCode::not_found, fmt::format("{} has no layer '{}'", graph.architecture, name),
              "", "some of its layers: " + some);
}

std::vector<std::string> parameters_before(const Graph& graph, NodeId layer) {
  const auto end =
      graph.nodes.begin() + static_cast<std::ptrdiff_t>(std::min(layer, graph.nodes.size()));
  std::vector<std::string> names;
  for (const auto& spec : Graph{graph.architecture, {graph.nodes.begin(), end}, 0}.parameters()) {
    names.push_back(spec.name);
  }
  return names;
}

NodeId seam_after(const Graph& graph, NodeId features) {
  NodeId seam = features;
  while (seam + 2 < graph.nodes.size()) {
    const Node& next = graph.nodes[seam + 1];
    const auto looks_here = [&](const Node& node) {
      return std::find(node.inputs.begin(), node.inputs.end(), seam) != node.inputs.end();
    };
    if (!is_fixed(next.operation) || !looks_here(next)) break;
    const auto later = graph.nodes.begin() + static_cast<std::ptrdiff_t>(seam) + 2;
    if (std::any_of(later, graph.nodes.end(), looks_here)) break;
    ++seam;
  }
  return seam;
}

Result<Weights> weights_for(const Graph& graph, const Weights& weights) {
  Weights used;
  for (const ParameterSpec& spec : graph.parameters()) {
    const auto found = weights.find(spec.name);
    if (found != weights.end()) used.insert(*found);
  }
  BC_CHECK(check_weights(graph, used));
  return used;
}

}  // namespace bloodcell::graph
