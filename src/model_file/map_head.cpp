#include <bloodcell/model_file/map_head.hpp>

#include <algorithm>
#include <set>

#include <onnx/onnx_pb.h>

#include "dense_node.hpp"
#include "layers.hpp"
#include "onnx_bytes.hpp"
#include "pairs.hpp"

namespace bloodcell::model_file {

namespace {

// Names of their own, which no layer of a network has.
const std::string kOfEmbedding = "logits.of_embedding";
const std::string kMeans = "maps.means";
const std::string kWeights = "maps.weight";
const std::string kBias = "maps.bias";

onnx::NodeProto node_of(const char* type, const std::string& output) {
  onnx::NodeProto node;
  node.set_op_type(type);
  node.set_name(output);
  node.add_output(output);
  return node;
}

void add_whole(onnx::NodeProto& node, const char* name, std::int64_t value) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

void add_tensor(onnx::GraphProto& graph, const std::string& name,
                const std::vector<std::size_t>& shape, const std::vector<float>& values) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const auto size : shape) tensor.add_dims(static_cast<std::int64_t>(size));
  tensor.set_raw_data(values.data(), values.size() * sizeof(float));
}

// means → dense layer → added to what the embedding says.
std::vector<onnx::NodeProto> nodes_for(const std::vector<std::string>& maps) {
  std::vector<onnx::NodeProto> nodes;
  onnx::NodeProto joined = node_of("Concat", kMeans);
  add_whole(joined, "axis", 1);
  for (const auto& map : maps) {
    auto& mean = nodes.emplace_back(node_of("GlobalAveragePool", map + ".mean"));
    mean.add_input(map);
    joined.add_input(mean.output(0));
  }
  nodes.push_back(std::move(joined));
  auto& row = nodes.emplace_back(node_of("Flatten", kMeans + ".row"));
  row.add_input(kMeans);
  const std::string values = row.output(0);
  auto& dense = nodes.emplace_back(node_of("Gemm", kOfMaps));
  for (const auto& input : {values, kWeights, kBias}) dense.add_input(input);
  add_whole(dense, "transB", 1);
  // The embedding's first: what looks for a network's end follows the first of two terms.
  auto& sum = nodes.emplace_back(node_of("Add", kLogits));
  sum.add_input(kOfEmbedding);
  sum.add_input(kOfMaps);
  return nodes;
}

// The sizes of a convolution's kernel, however it is stored; nothing where they are not known.
std::vector<std::int64_t> kernel_sizes(const onnx::GraphProto& graph, const Tensors& fixed,
                                       const onnx::NodeProto& convolution) {
  std::string name = convolution.input(1);
  for (const auto& node : graph.node()) {
    if (node.op_type() == "DequantizeLinear" && node.output(0) == name) name = node.input(0);
  }
  const auto found = fixed.find(name);
  if (found == fixed.end()) return {};
  return {found->second->dims().begin(), found->second->dims().end()};
}

bool is_of_all_channels(const onnx::NodeProto& convolution) {
  return std::none_of(
      convolution.attribute().begin(), convolution.attribute().end(),
      [](const auto& attribute) { return attribute.name() == "group" && attribute.i() != 1; });
}

std::set<std::string> made_in(const onnx::GraphProto& graph) {
  std::set<std::string> names;
  for (const auto& node : graph.node()) names.insert(node.output().begin(), node.output().end());
  return names;
}

}  // namespace

Result<std::vector<std::string>> map_names(const ModelFile& file) {
  BC_ASSIGN(const onnx::ModelProto model, float_model(file));
  const auto made = made_in(model.graph());
  std::vector<std::string> names;
  const auto fixed = fixed_tensors(model.graph());
  for (const auto& node : model.graph().node()) {
    bool is_read = node.op_type() == "GlobalAveragePool";
    if (node.op_type() == "Conv" && is_of_all_channels(node)) {
      const auto sizes = kernel_sizes(model.graph(), fixed, node);
      is_read = sizes.size() == 4 && sizes[0] >= sizes[1];
    }
    if (!is_read || !made.contains(node.input(0))) continue;
    if (std::find(names.begin(), names.end(), node.input(0)) == names.end()) {
      names.push_back(node.input(0));
    }
  }
  return names;
}

bool has_map_head(const ModelFile& file) {
  const auto model = parse_onnx(file.onnx);
  return model && made_in(model->graph()).contains(kOfMaps);
}

Result<ModelFile> with_map_head(const ModelFile& file, const MapHead& head) {
  BC_ASSIGN(onnx::ModelProto model, float_model(file));
  auto& graph = *model.mutable_graph();
  bool is_transposed = false;
  BC_CHECK(dense_node(graph, is_transposed));
  const std::size_t labels = file.description.labels.size();
  const auto made = made_in(graph);
  if (head.weights.empty() || head.weights.size() % labels != 0 || !are_finite(head.weights)) {
    return fail(ErrorCode::mismatch, fmt::format("{} weights for {} labels, or one not finite",
                                                 head.weights.size(), labels));
  }
  for (const auto& map : head.maps) {
    if (!made.contains(map)) {
      return fail(ErrorCode::mismatch, fmt::format("no layer makes {}", map));
    }
  }
  google::protobuf::RepeatedPtrField<onnx::NodeProto> nodes;
  for (auto& node : *graph.mutable_node()) {
    const bool makes_logits = node.output(0) == kLogits;
    if (makes_logits) node.set_output(0, kOfEmbedding);
    nodes.Add(std::move(node));
    if (!makes_logits) continue;
    for (auto& more : nodes_for(head.maps)) nodes.Add(std::move(more));
  }
  graph.mutable_node()->Swap(&nodes);
  add_tensor(graph, kWeights, {labels, head.weights.size() / labels}, head.weights);
  add_tensor(graph, kBias, {labels}, std::vector<float>(labels));
  return with_new_numbers(file, std::move(model));
}

}  // namespace bloodcell::model_file
