// The layers of a graph that have fixed weights, and scales of these.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/quantised.hpp>

namespace onnx {
class GraphProto;
class ModelProto;
class NodeProto;
class TensorProto;
}  // namespace onnx

namespace bloodcell::model_file {

using Tensors = std::map<std::string, const onnx::TensorProto*>;  // by name

[[nodiscard]] Tensors fixed_tensors(const onnx::GraphProto& graph);

// The same, and under the names of kernels stored as bytes (with_byte_kernels) these bytes.
[[nodiscard]] Tensors kernels_too(const onnx::GraphProto& graph);

// The dimension of the weights that counts output channels; −1: not a layer we quantise.
[[nodiscard]] int channel_axis(const onnx::NodeProto& node, const Tensors& fixed);

[[nodiscard]] bool is_bytes(const onnx::TensorProto& kernel);

// Of a FLOAT tensor.
[[nodiscard]] std::vector<float> floats_in(const onnx::TensorProto& tensor);

// How many values lie side by side at one place of an axis.
[[nodiscard]] std::size_t values_a_place(const onnx::TensorProto& tensor, int axis);

// All but the one that makes the logits, or those whose sum they are.
[[nodiscard]] std::vector<QuantisableLayer> layers_of(const onnx::GraphProto& graph);

// The largest |value| of each place of `axis`, over 127; 1 where all are 0.
[[nodiscard]] std::vector<float> weight_scales(const onnx::TensorProto& weights, int axis);

// A scale for each channel needs opset 13. Errors: unsupported, malformed (none named).
[[nodiscard]] Result<void> check_has_channel_scales(const onnx::ModelProto& model);

}  // namespace bloodcell::model_file
