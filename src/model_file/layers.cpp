#include "layers.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include <onnx/onnx_pb.h>

#include "dense_node.hpp"

namespace bloodcell::model_file {

namespace {

constexpr int kLeastOpset = 13;

int whole_attribute(const onnx::NodeProto& node, const char* name) {
  for (const auto& attribute : node.attribute()) {
    if (attribute.name() == name) return static_cast<int>(attribute.i());
  }
  return 0;
}

// The tensors that become the logits by steps that leave each number as it is, or by their sum.
std::set<std::string> before_logits(const onnx::GraphProto& graph, const Tensors& fixed) {
  std::set<std::string> wanted{kLogits};
  for (int i = graph.node_size() - 1; i >= 0; --i) {
    const auto& node = graph.node(i);
    if (node.output_size() == 0 || !wanted.contains(node.output(0))) continue;
    const auto& type = node.op_type();
    if (type != "Identity" && type != "Flatten" && type != "Add") continue;
    wanted.erase(node.output(0));
    for (const auto& input : node.input()) {
      if (!fixed.contains(input)) wanted.insert(input);
    }
  }
  return wanted;
}

}  // namespace

Tensors fixed_tensors(const onnx::GraphProto& graph) {
  Tensors tensors;
  for (const auto& tensor : graph.initializer()) tensors.emplace(tensor.name(), &tensor);
  return tensors;
}

Tensors kernels_too(const onnx::GraphProto& graph) {
  Tensors tensors = fixed_tensors(graph);
  for (const auto& node : graph.node()) {
    if (node.op_type() != "DequantizeLinear" || node.input_size() != 2) continue;
    const auto bytes = tensors.find(node.input(0));
    if (bytes != tensors.end() && is_bytes(*bytes->second)) {
      tensors.emplace(node.output(0), bytes->second);
    }
  }
  return tensors;
}

bool is_bytes(const onnx::TensorProto& kernel) {
  return kernel.data_type() == onnx::TensorProto::INT8;
}

int channel_axis(const onnx::NodeProto& node, const Tensors& fixed) {
  if (node.input_size() < 2 || node.output_size() != 1 || fixed.contains(node.input(0))) return -1;
  const auto weights = fixed.find(node.input(1));
  if (weights == fixed.end() ||
      (weights->second->data_type() != onnx::TensorProto::FLOAT && !is_bytes(*weights->second))) {
    return -1;
  }
  const int rank = weights->second->dims_size();
  if (node.op_type() == "Conv" && rank >= 3) return 0;
  if (node.op_type() == "MatMul" && rank == 2) return 1;
  if (node.op_type() == "Gemm" && rank == 2) return whole_attribute(node, "transB") == 1 ? 0 : 1;
  return -1;
}

std::vector<QuantisableLayer> layers_of(const onnx::GraphProto& graph) {
  const auto fixed = kernels_too(graph);
  const auto last = before_logits(graph, fixed);
  std::vector<QuantisableLayer> layers;
  for (const auto& node : graph.node()) {
    if (channel_axis(node, fixed) >= 0 && !last.contains(node.output(0))) {
      layers.push_back({node.output(0), node.input(0)});
    }
  }
  return layers;
}

std::vector<float> floats_in(const onnx::TensorProto& tensor) {
  std::vector<float> values(tensor.raw_data().size() / sizeof(float));
  std::memcpy(values.data(), tensor.raw_data().data(), values.size() * sizeof(float));
  return values;
}

std::size_t values_a_place(const onnx::TensorProto& tensor, int axis) {
  std::size_t values = 1;
  for (int d = axis + 1; d < tensor.dims_size(); ++d) {
    values *= static_cast<std::size_t>(tensor.dims(d));
  }
  return values;
}

std::vector<float> weight_scales(const onnx::TensorProto& weights, int axis) {
  const std::size_t inner = values_a_place(weights, axis);
  const auto places = static_cast<std::size_t>(weights.dims(axis));
  const auto values = floats_in(weights);
  std::vector<float> scales(places, 0.0F);
  for (std::size_t i = 0; i < values.size(); ++i) {
    float& largest = scales[i / inner % places];
    largest = std::max(largest, std::abs(values[i]));
  }
  constexpr float kLargest = 127;
  for (float& scale : scales) {
    scale /= kLargest;
    if (!std::isnormal(scale)) scale = 1;
  }
  return scales;
}

Result<void> check_has_channel_scales(const onnx::ModelProto& model) {
  for (const auto& opset : model.opset_import()) {
    if (!opset.domain().empty() && opset.domain() != "ai.onnx") continue;
    if (opset.version() >= kLeastOpset) return {};
    return fail(ErrorCode::unsupported,
                fmt::format("a network of ONNX's opset {}: a scale for each channel needs {}",
                            opset.version(), kLeastOpset),
                "", "export it again with a newer opset");
  }
  return fail(ErrorCode::malformed, "a network that names no opset of ONNX");
}

}  // namespace bloodcell::model_file
