// What a network must be for us to run it, beyond being ONNX.
#pragma once

#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace onnx {
class GraphProto;
class ModelProto;
}  // namespace onnx

namespace bloodcell::model_file {

// Nothing outside the file, nothing that loops or branches, every tensor as long as its sizes say,
// quantisation in sound pairs (pairs.hpp). Errors: unsupported (external data, subgraphs,
// functions, training graphs, sparse tensors, tensors that are not raw data of a known type, whole
// numbers that a layer takes), malformed (a tensor too short or too long, a broken pair).
[[nodiscard]] Result<void> check_is_self_contained(const onnx::ModelProto& model);

// One input `images` [N, 3, H, W] as the preprocessing makes it, an output `logits` [N, labels].
// Errors: mismatch.
[[nodiscard]] Result<void> check_ends(const onnx::GraphProto& graph,
                                      const Description& description);

}  // namespace bloodcell::model_file
