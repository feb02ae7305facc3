// Kernels stored as INT8, a quarter of the bytes, in standard ONNX: the tensor `<kernel>.byte`, a
// scale an output channel, and a DequantizeLinear that makes `<kernel>`. Storage alone (weight-only
// quantisation): every engine calculates with the float32 values that come out.
#pragma once

#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::model_file {

// The file with kernels of 1,024 values and more rounded to 255 steps about 0, by the largest of
// each output channel, and stored so; pairs of int8 are taken out. The layer that makes the logits
// stays float32. Golden outputs and `precisions` go: they were another network's. Errors:
// unsupported (an opset before 13, which knows no scale a channel; no such kernel), malformed.
[[nodiscard]] Result<ModelFile> with_byte_kernels(const ModelFile& file);

}  // namespace bloodcell::model_file
