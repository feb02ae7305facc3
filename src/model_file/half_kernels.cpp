#include <bloodcell/model_file/half_kernels.hpp>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

#include <bloodcell/base/half.hpp>

#include "halves.hpp"
#include "onnx_bytes.hpp"
#include "pairs.hpp"

namespace bloodcell::model_file {

namespace {

constexpr std::size_t kFewestValues = 1024;
constexpr const char* kSuffix = ".half";

using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;
using Tensors = google::protobuf::RepeatedPtrField<onnx::TensorProto>;

template <class T>
std::vector<T> values_of(const onnx::TensorProto& tensor) {
  std::vector<T> values(tensor.raw_data().size() / sizeof(T));
  std::memcpy(values.data(), tensor.raw_data().data(), values.size() * sizeof(T));
  return values;
}

bool is_to_float(const onnx::NodeProto& node) {
  return node.op_type() == "Cast" && node.input_size() == 1 && node.output_size() == 1 &&
         node.attribute_size() == 1 && node.attribute(0).name() == "to" &&
         node.attribute(0).i() == onnx::TensorProto::FLOAT;
}

// FLOAT16 tensors by name.
std::map<std::string, const onnx::TensorProto*> halves_of(const onnx::GraphProto& graph) {
  std::map<std::string, const onnx::TensorProto*> halves;
  for (const auto& tensor : graph.initializer()) {
    if (tensor.data_type() == onnx::TensorProto::FLOAT16) halves.emplace(tensor.name(), &tensor);
  }
  return halves;
}

// The kernels of layers, through their pairs, but the last layer's.
std::set<std::string> kernels_of(const onnx::GraphProto& graph) {
  std::map<std::string, std::string> before;
  std::vector<std::string> in_order;
  for (const auto& node : graph.node()) {
    const auto& type = node.op_type();
    if (type == "QuantizeLinear" || type == "DequantizeLinear") {
      const auto found = before.find(node.input(0));
      before[node.output(0)] = found == before.end() ? node.input(0) : found->second;
    }
    if ((type != "Conv" && type != "Gemm" && type != "MatMul") || node.input_size() < 2) continue;
    const auto found = before.find(node.input(1));
    in_order.push_back(found == before.end() ? node.input(1) : found->second);
  }
  if (in_order.empty()) return {};
  std::set<std::string> kernels(in_order.begin(), in_order.end() - 1);
  kernels.erase(in_order.back());
  return kernels;
}

bool fits(const onnx::TensorProto& tensor) {
  if (tensor.data_type() != onnx::TensorProto::FLOAT || tensor.dims_size() < 2) return false;
  const auto values = values_of<float>(tensor);
  return values.size() >= kFewestValues &&
         std::all_of(values.begin(), values.end(),
                     [](float value) { return float_of_half(half_of(value)) == value; });
}

onnx::NodeProto cast_to(const std::string& kernel) {
  onnx::NodeProto node;
  node.set_op_type("Cast");
  node.set_name(kernel);
  node.add_input(kernel + kSuffix);
  node.add_output(kernel);
  auto* to = node.add_attribute();
  to->set_name("to");
  to->set_type(onnx::AttributeProto::INT);
  to->set_i(onnx::TensorProto::FLOAT);
  return node;
}

}  // namespace

bool has_halves(const onnx::GraphProto& graph) {
  const auto halves = halves_of(graph);
  return std::any_of(graph.node().begin(), graph.node().end(), [&](const auto& node) {
    return is_to_float(node) && halves.contains(node.input(0));
  });
}

void store_halves(onnx::GraphProto& graph) {
  const auto kernels = kernels_of(graph);
  Nodes nodes;
  for (auto& tensor : *graph.mutable_initializer()) {
    if (!kernels.contains(tensor.name()) || !fits(tensor)) continue;
    *nodes.Add() = cast_to(tensor.name());
    std::vector<std::uint16_t> halves;
    for (const float value : values_of<float>(tensor)) halves.push_back(half_of(value));
    tensor.set_name(tensor.name() + kSuffix);
    tensor.set_data_type(onnx::TensorProto::FLOAT16);
    tensor.set_raw_data(halves.data(), halves.size() * sizeof(std::uint16_t));
  }
  for (auto& node : *graph.mutable_node()) nodes.Add(std::move(node));
  graph.mutable_node()->Swap(&nodes);
}

void widen_halves(onnx::GraphProto& graph) {
  const auto halves = halves_of(graph);
  Nodes nodes;
  Tensors widened;
  std::set<std::string> used;  // by something else than a Cast to float
  std::set<std::string> gone;
  for (auto& node : *graph.mutable_node()) {
    const auto half = halves.find(node.input_size() > 0 ? node.input(0) : std::string());
    if (!is_to_float(node) || half == halves.end()) {
      used.insert(node.input().begin(), node.input().end());
      nodes.Add(std::move(node));
      continue;
    }
    onnx::TensorProto tensor = *half->second;
    std::vector<float> values;
    for (const auto value : values_of<std::uint16_t>(tensor))
      values.push_back(float_of_half(value));
    tensor.set_name(node.output(0));
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.set_raw_data(values.data(), values.size() * sizeof(float));
    widened.Add(std::move(tensor));
    gone.insert(half->first);
  }
  for (const auto& name : used) gone.erase(name);
  Tensors kept;
  for (auto& tensor : *graph.mutable_initializer()) {
    if (!gone.contains(tensor.name())) kept.Add(std::move(tensor));
  }
  for (auto& tensor : widened) kept.Add(std::move(tensor));
  graph.mutable_initializer()->Swap(&kept);
  graph.mutable_node()->Swap(&nodes);
}

graph::Weights with_rounded_kernels(graph::Weights weights) {
  for (auto& [name, tensor] : weights) {
    if (tensor.dims.size() < 2 || tensor.values.size() < kFewestValues) continue;
    for (float& value : tensor.values) value = float_of_half(half_of(value));
  }
  return weights;
}

Result<ModelFile> with_half_kernels(const ModelFile& file) {
  BC_ASSIGN(auto model, parse_onnx(file.onnx));
  store_halves(*model.mutable_graph());
  return with_graph(std::move(model), file.description);
}

}  // namespace bloodcell::model_file
