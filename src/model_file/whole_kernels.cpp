#include "whole_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

#include "layers.hpp"
#include "pairs.hpp"

namespace bloodcell::model_file {

namespace {

// One zero point a scale, 0 where the node names none.
std::vector<int> zeros_of(const onnx::TensorProto* zero, std::size_t scales) {
  std::vector<int> zeros(scales, 0);
  if (zero == nullptr) return zeros;
  const bool is_signed = zero->data_type() == onnx::TensorProto::INT8;
  for (std::size_t i = 0; i < scales; ++i) {
    const char raw = zero->raw_data()[i];
    zeros[i] = is_signed ? static_cast<std::int8_t>(raw) : static_cast<std::uint8_t>(raw);
  }
  return zeros;
}

bool is_of_kernel(const onnx::NodeProto& node, const Tensors& fixed) {
  const auto found = fixed.find(node.input(0));
  return node.op_type() == "QuantizeLinear" && found != fixed.end() &&
         found->second->data_type() == onnx::TensorProto::FLOAT;
}

onnx::TensorProto whole_numbers(const onnx::NodeProto& node, const Tensors& fixed) {
  const auto& tensor = *fixed.at(node.input(0));
  const auto scales = floats_in(*fixed.at(node.input(1)));
  const auto* zero = node.input_size() > 2 ? fixed.at(node.input(2)) : nullptr;
  const auto zeros = zeros_of(zero, scales.size());
  const bool is_signed = zero != nullptr && zero->data_type() == onnx::TensorProto::INT8;
  const float least = is_signed ? -128 : 0;
  const auto axis = axis_of(node) + (axis_of(node) < 0 ? tensor.dims_size() : 0);
  const std::size_t inner = values_a_place(tensor, static_cast<int>(axis));
  const auto values = floats_in(tensor);
  std::string bytes(values.size(), '\0');
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t place = i / inner % scales.size();
    const float step = std::nearbyint(values[i] / scales[place]) + static_cast<float>(zeros[place]);
    const float held = step >= least ? std::min(step, least + 255) : least;  // no number: the least
    bytes[i] = static_cast<char>(static_cast<int>(held));
  }
  onnx::TensorProto whole;
  whole.set_name(node.output(0));
  whole.set_data_type(is_signed ? onnx::TensorProto::INT8 : onnx::TensorProto::UINT8);
  *whole.mutable_dims() = tensor.dims();
  whole.set_raw_data(std::move(bytes));
  return whole;
}

// What nobody takes any longer.
void drop_unused(onnx::GraphProto& graph) {
  std::set<std::string> taken;
  for (const auto& node : graph.node()) taken.insert(node.input().begin(), node.input().end());
  for (const auto& output : graph.output()) taken.insert(output.name());
  google::protobuf::RepeatedPtrField<onnx::TensorProto> kept;
  for (auto& tensor : *graph.mutable_initializer()) {
    if (taken.contains(tensor.name())) kept.Add(std::move(tensor));
  }
  graph.mutable_initializer()->Swap(&kept);
}

}  // namespace

void fix_whole_kernels(onnx::GraphProto& graph) {
  const auto fixed = fixed_tensors(graph);
  std::vector<onnx::TensorProto> tensors;
  std::set<std::string> whole;
  google::protobuf::RepeatedPtrField<onnx::NodeProto> nodes;
  for (auto& node : *graph.mutable_node()) {
    if (is_of_kernel(node, fixed)) {
      tensors.push_back(whole_numbers(node, fixed));
      whole.insert(node.output(0));
      continue;
    }
    if (node.op_type() == "DequantizeLinear" && whole.contains(node.input(0)) &&
        node.input_size() > 2) {
      const auto& zeros = fixed.at(node.input(2))->raw_data();
      if (std::all_of(zeros.begin(), zeros.end(), [](char zero) { return zero == 0; })) {
        node.mutable_input()->RemoveLast();
      }
    }
    nodes.Add(std::move(node));
  }
  graph.mutable_node()->Swap(&nodes);
  for (auto& tensor : tensors) graph.mutable_initializer()->Add(std::move(tensor));
  drop_unused(graph);
}

}  // namespace bloodcell::model_file
