// Kernels stored as float16, half the bytes, in standard ONNX: the FLOAT16 tensor `<kernel>.half`
// and a Cast to FLOAT that makes `<kernel>`. Storage alone: every engine calculates with the
// float32 values.
#pragma once

#include <bloodcell/base/result.hpp>
#include <bloodcell/graph/weights.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::model_file {

// Kernels (two dimensions and more, 1024 values and more) rounded to what float16 holds.
[[nodiscard]] graph::Weights with_rounded_kernels(graph::Weights weights);

// The file with each such kernel of a convolution or matrix product stored so, if float16 holds all
// its values exactly; the network's numbers stay. The layer that makes the logits stays float32:
// it is what `adapt` changes. Errors: malformed.
[[nodiscard]] Result<ModelFile> with_half_kernels(const ModelFile& file);

}  // namespace bloodcell::model_file
