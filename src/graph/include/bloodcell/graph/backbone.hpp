// A network in two parts: the backbone, which makes features of pictures and can be taken from
// elsewhere, and the head, which makes logits of features. Graph::features is the seam.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/graph/graph.hpp>
#include <bloodcell/graph/weights.hpp>

namespace bloodcell::graph {

// Everything up to the features, which become the output: maps [C, H, W].
[[nodiscard]] Graph backbone_of(const Graph& graph);

// Everything after the features, which become the input. Layers keep their names, so weights of the
// whole network serve both parts: head(backbone(x)) = network(x).
[[nodiscard]] Graph head_of(const Graph& graph);

// features -> mean of each map, or all values -> `layers` × (dense -> relu -> batch norm ->
// dropout) -> logits. The defaults are the seed project's head of 2025; that of 2024 has flatten,
// width 500, and neither norm, dropout nor l2.
struct HeadOptions {
  bool flatten = false;
  int layers = 1;  // 0 … 8 before the logits
  int width = 512;
  bool batch_norm = true;
  double dropout = 0.5;  // [0, 1)
  double l2 = 1e-4;      // weight of Σ kernel² of the hidden layers in the loss, ≥ 0
};

// The graph's backbone with a new head: layers `head.dense1`, `head.norm1`, …, `head.logits`.
// Errors: usage, naming what is out of range.
[[nodiscard]] Result<Graph> with_head(const Graph& graph, const HeadOptions& options, int classes);

// The graph with layer `input_norm` before all others: each channel of each picture gets a mean and
// a deviation that are the layer's weights, whatever light and stain it had (instance norm, Ulyanov
// et al. 2016, of the input). The graph has none yet.
[[nodiscard]] Graph with_input_norm(const Graph& graph);
[[nodiscard]] bool has_input_norm(const Graph& graph);
// As it was before; a graph that has none as it is.
[[nodiscard]] Graph without_input_norm(const Graph& graph);
inline constexpr std::string_view kInputNorm = "input_norm";

// Errors: not_found, naming a few of the layers there are.
[[nodiscard]] Result<NodeId> layer_named(const Graph& graph, std::string_view name);

// The parameters of the layers before `layer`: what stays as it is when training starts there.
// Of the backbone: parameters_before(graph, graph.features + 1).
[[nodiscard]] std::vector<std::string> parameters_before(const Graph& graph, NodeId layer);

// Where a backbone that stays as it is can be cut so that its outputs serve for good: the features,
// or what follows them without a parameter and without chance (mean of each map, activation, pool),
// which is mostly smaller. All later layers look at its output alone.
[[nodiscard]] NodeId seam_after(const Graph& graph, NodeId features);

// Those of the weights that the graph uses. Errors: mismatch, as check_weights.
[[nodiscard]] Result<Weights> weights_for(const Graph& graph, const Weights& weights);

}  // namespace bloodcell::graph
