// Kernels stored as float16 within a graph: half_kernels.hpp.
#pragma once

namespace onnx {
class GraphProto;
}

namespace bloodcell::model_file {

[[nodiscard]] bool has_halves(const onnx::GraphProto& graph);

// Stores what half_kernels.hpp names; a graph without anything to store stays.
void store_halves(onnx::GraphProto& graph);

// The graph as it was before store_halves.
void widen_halves(onnx::GraphProto& graph);

}  // namespace bloodcell::model_file
