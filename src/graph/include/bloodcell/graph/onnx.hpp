// A graph with its weights as an ONNX model (opset 13, IR 7): input `images` [N, 3, H, W], outputs
// `logits` and `probabilities` [N, classes] (softmax of the logits, uncalibrated).
#pragma once

#include <map>
#include <string>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/graph/graph.hpp>
#include <bloodcell/graph/weights.hpp>

namespace bloodcell::graph {

// Deterministic: the same graph, weights and metadata give the same bytes. Dropout is left out.
// Errors: mismatch from check_weights.
[[nodiscard]] Result<Bytes> write_onnx(const Graph& graph, const Weights& weights,
                                       const std::map<std::string, std::string>& metadata);

}  // namespace bloodcell::graph
