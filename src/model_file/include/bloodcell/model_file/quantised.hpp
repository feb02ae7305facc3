// int8 within a model file: standard ONNX pairs QuantizeLinear → DequantizeLinear on the inputs and
// the weights of chosen layers. The weights stay float before their pair, so that one file holds
// both networks: with its pairs passed over it is exactly the one it was made from.
#pragma once

#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::model_file {

// A convolution or matrix product with fixed weights.
struct QuantisableLayer {
  std::string output;  // the tensor it makes, which names it
  std::string input;   // the tensor it takes
};

// In the order of the graph, pairs passed over; without the one that makes the logits, which stays
// float. Errors: malformed.
[[nodiscard]] Result<std::vector<QuantisableLayer>> quantisable_layers(const ModelFile& file);

// Values from `low` to `high` become 0 … 255, those outside the nearest of these. Widened to hold
// 0, which stays exact.
struct TensorRange {
  std::string tensor;
  float low = 0;
  float high = 0;
};

// The file with pairs on these layers alone: inputs by `ranges` as UINT8, one scale a tensor;
// weights as INT8 about 0, a scale an output channel, by the channel's largest. Golden outputs,
// which are the float network's, stay; `precisions` go. Errors: usage (a layer that
// quantisable_layers does not name, an input without range, one that is not finite or empty),
// unsupported (an opset before 13, which knows no scale a channel).
[[nodiscard]] Result<ModelFile> with_int8_layers(const ModelFile& file,
                                                 const std::vector<std::string>& outputs,
                                                 const std::vector<TensorRange>& ranges);

// The ONNX bytes for an engine: without pairs, with all kernels in float32, and without metadata,
// which engines carry along into what they compile. Errors: malformed.
[[nodiscard]] Result<Bytes> float_network(const ModelFile& file);

// The same with the pairs, those of kernels with their whole numbers in place of QuantizeLinear.
[[nodiscard]] Result<Bytes> int8_network(const ModelFile& file);

}  // namespace bloodcell::model_file
