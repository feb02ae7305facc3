// Kernels that QuantizeLinear would make whole numbers of, made so beforehand.
#pragma once

namespace onnx {
class GraphProto;
}

namespace bloodcell::model_file {

// Each QuantizeLinear of a fixed float tensor goes: its DequantizeLinear takes the whole numbers
// (ONNX: nearest, ties to even, saturated), without its zero points where all are 0. The graph's
// values stay to the bit. `graph` has passed check_pairs, and its kernels are float32.
void fix_whole_kernels(onnx::GraphProto& graph);

}  // namespace bloodcell::model_file
