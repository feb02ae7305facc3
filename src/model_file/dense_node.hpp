// The last dense layer of a classifier's graph, and its numbers.
#pragma once

#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace onnx {
class GraphProto;
class ModelProto;
class NodeProto;
}  // namespace onnx

namespace bloodcell::model_file {

inline constexpr const char* kLogits = "logits";
inline constexpr const char* kOfMaps = "logits.of_maps";  // what map_head.hpp adds to them

// The Gemm that makes the logits, straight or through a layer that leaves them as they are. Errors:
// unsupported.
[[nodiscard]] Result<const onnx::NodeProto*> dense_node(const onnx::GraphProto& graph,
                                                        bool& is_transposed);

[[nodiscard]] bool are_finite(const std::vector<float>& values);

// The file with other numbers in its network. What was measured of the old ones goes.
[[nodiscard]] Result<ModelFile> with_new_numbers(const ModelFile& file, onnx::ModelProto model);

}  // namespace bloodcell::model_file
