// Weights files of Keras (HDF5, Keras 2): their layers, and which of them make which parameters of
// ours. libhdf5 is neither thread-safe nor hardened against made-up files: read those of a source
// you trust, or check their hash first.
#pragma once

#include <map>
#include <span>
#include <string>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/graph/graph.hpp>
#include <bloodcell/graph/weights.hpp>

namespace bloodcell::graph {

// Tensors by layer, then by role, in Keras' layouts: kernel [H, W, in, out], of a dense layer [in,
// out]; depthwise_kernel [H, W, in, 1], pointwise_kernel, bias, gamma, beta, moving_mean,
// moving_variance.
using KerasLayers = std::map<std::string, std::map<std::string, Tensor>>;

// Errors: malformed, unsupported (a type other than float), limit_exceeded.
[[nodiscard]] Result<KerasLayers> read_keras(std::span<const std::byte> bytes,
                                             const Limits& limits);

// The layer of Keras Applications that is our layer, as in `conv2_block1_1_conv`. A layer that
// Keras numbers by itself is `conv2d#3`, the third of its kind. Empty: not known by that name.
[[nodiscard]] std::string keras_layer_of(const Graph& graph, const Node& node);

// For a graph whose architecture ends in -keras. Norms without scale get 1. A dense layer behind
// Flatten is turned from [H, W, C] to [C, H, W]. Layers the graph does not use are left out.
// Errors: mismatch, naming our layer and Keras'.
[[nodiscard]] Result<Weights> import_keras_weights(const Graph& graph, const KerasLayers& layers);

}  // namespace bloodcell::graph
