#include <bloodcell/model_file/retouch.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

#include <onnx/onnx_pb.h>

#include "dense_node.hpp"
#include "halves.hpp"
#include "onnx_bytes.hpp"
#include "pairs.hpp"

namespace bloodcell::model_file {

namespace {

const onnx::TensorProto* find_tensor(const onnx::GraphProto& graph, const std::string& name) {
  for (const auto& tensor : graph.initializer()) {
    if (tensor.name() == name) return &tensor;
  }
  return nullptr;
}

onnx::TensorProto* tensor_to_change(onnx::GraphProto& graph, const std::string& name) {
  for (auto& tensor : *graph.mutable_initializer()) {
    if (tensor.name() == name) return &tensor;
  }
  return nullptr;
}

bool is_plain(const onnx::TensorProto* tensor) {
  return tensor != nullptr && tensor->data_type() == onnx::TensorProto::FLOAT &&
         tensor->has_raw_data() && tensor->raw_data().size() % sizeof(float) == 0;
}

std::vector<float> values_of(const onnx::TensorProto& tensor) {
  std::vector<float> values(tensor.raw_data().size() / sizeof(float));
  std::memcpy(values.data(), tensor.raw_data().data(), tensor.raw_data().size());
  return values;
}

Result<void> put(onnx::GraphProto& graph, const std::string& name,
                 const std::vector<float>& values) {
  auto* tensor = tensor_to_change(graph, name);
  if (!is_plain(tensor) || tensor->raw_data().size() != values.size() * sizeof(float) ||
      !are_finite(values)) {
    return fail(ErrorCode::mismatch,
                fmt::format("{} values for {}, or one that is not finite", values.size(), name));
  }
  tensor->set_raw_data(values.data(), values.size() * sizeof(float));
  return {};
}

// Attributes that the description of a dense layer leaves at their defaults.
bool is_simple(const onnx::NodeProto& node, bool& is_transposed) {
  is_transposed = false;
  for (const auto& attribute : node.attribute()) {
    if (attribute.name() == "transB") {
      is_transposed = attribute.i() == 1;
    } else if (attribute.name() == "transA") {
      if (attribute.i() != 0) return false;
    } else if (attribute.f() != 1.0F) {  // alpha, beta
      return false;
    }
  }
  return true;
}

std::vector<float> transposed(const std::vector<float>& values, std::size_t rows) {
  const std::size_t columns = values.size() / rows;
  std::vector<float> turned(values.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) turned[c * rows + r] = values[r * columns + c];
  }
  return turned;
}

}  // namespace

bool are_finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](float value) { return std::isfinite(value); });
}

Result<ModelFile> with_new_numbers(const ModelFile& file, onnx::ModelProto model) {
  Description description = file.description;
  description.golden.clear();
  description.precisions.clear();
  if (file.has_halves) store_halves(*model.mutable_graph());
  return with_graph(std::move(model), std::move(description));
}

Result<const onnx::NodeProto*> dense_node(const onnx::GraphProto& graph, bool& is_transposed) {
  std::string wanted = kLogits;
  for (int i = graph.node_size() - 1; i >= 0; --i) {
    const auto& node = graph.node(i);
    if (node.output_size() == 0 || node.output(0) != wanted) continue;
    if (node.op_type() == "Identity" || node.op_type() == "Flatten") {  // [N, labels] as it was
      wanted = node.input(0);
      continue;
    }
    if (node.op_type() == "Gemm" && node.input_size() == 3 && is_simple(node, is_transposed) &&
        is_plain(find_tensor(graph, node.input(1))) &&
        is_plain(find_tensor(graph, node.input(2)))) {
      return &node;
    }
    break;
  }
  return fail(ErrorCode::unsupported, "the logits are not made by one dense layer with a bias", {},
              "choose a network that ends in one, as compact does");
}

Result<std::vector<NormStatistics>> norm_statistics(const ModelFile& file) {
  BC_ASSIGN(const onnx::ModelProto model, float_model(file));
  std::vector<NormStatistics> all;
  for (const auto& node : model.graph().node()) {
    if (node.op_type() != "BatchNormalization" || node.input_size() != 5) continue;
    const auto* mean = find_tensor(model.graph(), node.input(3));
    const auto* variance = find_tensor(model.graph(), node.input(4));
    if (!is_plain(mean) || !is_plain(variance)) continue;
    all.push_back({node.output(0), values_of(*mean), values_of(*variance)});
  }
  return all;
}

Result<bool> has_inner_instance_norm(const ModelFile& file) {
  BC_ASSIGN(const onnx::ModelProto model, float_model(file));
  bool is_behind_convolution = false;
  for (const auto& node : model.graph().node()) {
    is_behind_convolution = is_behind_convolution || node.op_type() == "Conv";
    if (is_behind_convolution && node.op_type() == "InstanceNormalization") return true;
  }
  return false;
}

Result<ModelFile> with_norm_statistics(const ModelFile& file,
                                       const std::vector<NormStatistics>& statistics) {
  BC_ASSIGN(onnx::ModelProto model, float_model(file));
  auto& graph = *model.mutable_graph();
  for (const auto& one : statistics) {
    const auto node = std::find_if(graph.node().begin(), graph.node().end(), [&](const auto& any) {
      return any.op_type() == "BatchNormalization" && any.input_size() == 5 &&
             any.output(0) == one.output;
    });
    if (node == graph.node().end()) {
      return fail(ErrorCode::mismatch, fmt::format("no batch normalisation makes {}", one.output));
    }
    if (std::any_of(one.variance.begin(), one.variance.end(), [](float v) { return v < 0; })) {
      return fail(ErrorCode::mismatch, fmt::format("a variance below 0 for {}", one.output));
    }
    BC_CHECK(put(graph, node->input(3), one.mean));
    BC_CHECK(put(graph, node->input(4), one.variance));
  }
  return with_new_numbers(file, std::move(model));
}

Result<DenseHead> dense_head(const ModelFile& file) {
  BC_ASSIGN(const onnx::ModelProto model, float_model(file));
  bool is_transposed = false;
  BC_ASSIGN(const auto* node, dense_node(model.graph(), is_transposed));
  DenseHead head;
  head.weights = values_of(*find_tensor(model.graph(), node->input(1)));
  head.bias = values_of(*find_tensor(model.graph(), node->input(2)));
  const std::size_t labels = file.description.labels.size();
  if (head.bias.size() != labels || head.weights.empty() || head.weights.size() % labels != 0) {
    return fail(ErrorCode::unsupported, "the last dense layer does not fit the labels");
  }
  head.values = head.weights.size() / labels;
  if (!is_transposed) head.weights = transposed(head.weights, head.values);
  return head;
}

Result<ModelFile> with_dense_head(const ModelFile& file, const DenseHead& head) {
  BC_ASSIGN(onnx::ModelProto model, float_model(file));
  auto& graph = *model.mutable_graph();
  bool is_transposed = false;
  BC_ASSIGN(const auto* node, dense_node(graph, is_transposed));
  BC_CHECK(
      put(graph, node->input(1),
          is_transposed ? head.weights : transposed(head.weights, file.description.labels.size())));
  BC_CHECK(put(graph, node->input(2), head.bias));
  return with_new_numbers(file, std::move(model));
}

}  // namespace bloodcell::model_file
