#include <bloodcell/model_file/byte_kernels.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

#include "layers.hpp"
#include "onnx_bytes.hpp"
#include "pairs.hpp"

namespace bloodcell::model_file {

namespace {

constexpr std::size_t kFewestValues = 1024;

using Axes = std::map<std::string, int>;  // of the output channels, by the kernel's name

Axes kernels_of(const onnx::GraphProto& graph) {
  const auto fixed = fixed_tensors(graph);
  std::set<std::string> layers;
  for (const auto& layer : layers_of(graph)) layers.insert(layer.output);
  Axes kernels;
  for (const auto& node : graph.node()) {
    if (node.output_size() == 0 || !layers.contains(node.output(0))) continue;
    const auto kernel = fixed.find(node.input(1));
    if (kernel == fixed.end()) continue;  // stored as bytes before
    if (kernel->second->raw_data().size() / sizeof(float) < kFewestValues) continue;
    kernels.emplace(kernel->first, channel_axis(node, fixed));
  }
  return kernels;
}

std::vector<std::int8_t> steps_of(const onnx::TensorProto& kernel, int axis,
                                  const std::vector<float>& scales) {
  const std::size_t inner = values_a_place(kernel, axis);
  const auto values = floats_in(kernel);
  std::vector<std::int8_t> steps;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float step = std::round(values[i] / scales[i / inner % scales.size()]);
    steps.push_back(static_cast<std::int8_t>(std::clamp(step, -127.0F, 127.0F)));
  }
  return steps;
}

onnx::NodeProto dequantise(const std::string& kernel, int axis) {
  onnx::NodeProto node;
  node.set_op_type("DequantizeLinear");
  node.set_name(kernel);
  node.add_input(kernel + ".byte");
  node.add_input(kernel + ".scale");
  node.add_output(kernel);
  auto* attribute = node.add_attribute();
  attribute->set_name("axis");
  attribute->set_type(onnx::AttributeProto::INT);
  attribute->set_i(axis);
  return node;
}

void store_bytes(onnx::GraphProto& graph, const Axes& kernels) {
  google::protobuf::RepeatedPtrField<onnx::NodeProto> nodes;
  std::vector<onnx::TensorProto> scale_tensors;
  for (auto& tensor : *graph.mutable_initializer()) {
    const auto found = kernels.find(tensor.name());
    if (found == kernels.end()) continue;
    const auto scales = weight_scales(tensor, found->second);
    const auto steps = steps_of(tensor, found->second, scales);
    *nodes.Add() = dequantise(found->first, found->second);
    auto& scale = scale_tensors.emplace_back();
    scale.set_name(found->first + ".scale");
    scale.set_data_type(onnx::TensorProto::FLOAT);
    scale.add_dims(static_cast<std::int64_t>(scales.size()));
    scale.set_raw_data(scales.data(), scales.size() * sizeof(float));
    tensor.set_name(found->first + ".byte");
    tensor.set_data_type(onnx::TensorProto::INT8);
    tensor.set_raw_data(steps.data(), steps.size());
  }
  for (auto& scale : scale_tensors) graph.mutable_initializer()->Add(std::move(scale));
  for (auto& node : *graph.mutable_node()) nodes.Add(std::move(node));
  graph.mutable_node()->Swap(&nodes);
}

}  // namespace

Result<ModelFile> with_byte_kernels(const ModelFile& file) {
  BC_ASSIGN(auto model, float_model(file));
  BC_CHECK(check_has_channel_scales(model));
  const auto kernels = kernels_of(model.graph());
  if (kernels.empty()) {
    return fail(
        ErrorCode::unsupported,
        fmt::format("a network without a kernel of {} values and more, or one whose kernels "
                    "are stored as bytes",
                    kFewestValues));
  }
  store_bytes(*model.mutable_graph(), kernels);
  Description description = file.description;
  description.golden.clear();
  description.precisions.clear();
  return with_graph(std::move(model), std::move(description));
}

}  // namespace bloodcell::model_file
