// QuantizeLinear and DequantizeLinear as model files may hold them: in pairs.
#pragma once

#include <cstdint>

#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace onnx {
class GraphProto;
class ModelProto;
class NodeProto;
}  // namespace onnx

namespace bloodcell::model_file {

// Each QuantizeLinear is taken by DequantizeLinear alone, with the same scale, zero point and axis;
// each DequantizeLinear takes one, or a fixed INT8 or UINT8 tensor. Scales are fixed, above 0 and
// finite, one or (of a fixed tensor) one a place of the axis. Errors: unsupported, malformed.
[[nodiscard]] Result<void> check_pairs(const onnx::GraphProto& graph);

// Of either of them.
[[nodiscard]] std::int64_t axis_of(const onnx::NodeProto& node);

[[nodiscard]] bool has_pairs(const onnx::GraphProto& graph);

// Whoever took a pair's output takes its input; pairs and their scales are gone. `graph` has passed
// check_pairs.
void pass_over_pairs(onnx::GraphProto& graph);

// The file's network with its pairs passed over and kernels of float16 widened. Errors: malformed.
[[nodiscard]] Result<onnx::ModelProto> float_model(const ModelFile& file);

}  // namespace bloodcell::model_file
