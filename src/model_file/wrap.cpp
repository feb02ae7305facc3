#include <bloodcell/model_file/wrap.hpp>

#include <algorithm>
#include <cstring>
#include <set>

#include <onnx/onnx_pb.h>

#include <bloodcell/base/hash.hpp>

#include "network_rules.hpp"
#include "onnx_bytes.hpp"
#include "survey.hpp"

namespace bloodcell::model_file {

namespace {

constexpr const char* kInput = "images";
constexpr const char* kOutput = "logits";
constexpr const char* kInner = ".of_network";
constexpr float kLeast = 1e-30F;  // added to a probability before its logarithm

tl::unexpected<Error> not_a_classifier(std::string what) {
  return fail(ErrorCode::unsupported, "not a classifier of pictures as we know them: " + what, "",
              "export the network with one input and one output [N, classes]");
}

std::vector<std::int64_t> sizes_of(const onnx::ValueInfoProto& value) {
  std::vector<std::int64_t> sizes;  // 0: not stated
  for (const auto& dim : value.type().tensor_type().shape().dim()) {
    sizes.push_back(dim.has_dim_value() ? dim.dim_value() : 0);
  }
  return sizes;
}

// [N, sizes…] of float32.
void set_sizes(onnx::ValueInfoProto& value, const std::vector<std::int64_t>& sizes) {
  auto* tensor = value.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(onnx::TensorProto::FLOAT);
  tensor->clear_shape();
  tensor->mutable_shape()->add_dim()->set_dim_param("N");
  for (const auto size : sizes) tensor->mutable_shape()->add_dim()->set_dim_value(size);
}

// Frees our two names for the ends that we add.
void rename_inside(onnx::GraphProto& graph) {
  const auto rename = [](std::string& name) {
    if (name == kInput || name == kOutput) name += kInner;
  };
  for (auto& node : *graph.mutable_node()) {
    for (auto& name : *node.mutable_input()) rename(name);
    for (auto& name : *node.mutable_output()) rename(name);
  }
  for (auto& tensor : *graph.mutable_initializer()) rename(*tensor.mutable_name());
  for (auto& value : *graph.mutable_input()) rename(*value.mutable_name());
  for (auto& value : *graph.mutable_output()) rename(*value.mutable_name());
}

template <class Values>
void make_raw(onnx::TensorProto& tensor, Values& values) {
  if (values.empty()) return;
  tensor.set_raw_data(values.data(), static_cast<std::size_t>(values.size()) * sizeof(values[0]));
  values.Clear();
}

void make_raw(onnx::TensorProto& tensor) {
  switch (tensor.data_type()) {
    case onnx::TensorProto::FLOAT: return make_raw(tensor, *tensor.mutable_float_data());
    case onnx::TensorProto::INT64: return make_raw(tensor, *tensor.mutable_int64_data());
    case onnx::TensorProto::INT32: return make_raw(tensor, *tensor.mutable_int32_data());
    default: return;
  }
}

void make_all_raw(onnx::GraphProto& graph) {
  for (auto& tensor : *graph.mutable_initializer()) make_raw(tensor);
  for (auto& node : *graph.mutable_node()) {
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_t()) make_raw(*attribute.mutable_t());
    }
  }
}

// Files of old exporters list weights among the inputs.
Result<onnx::ValueInfoProto> only_input(const onnx::GraphProto& graph) {
  std::set<std::string> weights;
  for (const auto& tensor : graph.initializer()) weights.insert(tensor.name());
  std::vector<const onnx::ValueInfoProto*> inputs;
  for (const auto& input : graph.input()) {
    if (!weights.contains(input.name())) inputs.push_back(&input);
  }
  if (inputs.size() != 1) return not_a_classifier(fmt::format("{} inputs", inputs.size()));
  const auto& input = *inputs.front();
  if (sizes_of(input).size() != 4 ||
      input.type().tensor_type().elem_type() != onnx::TensorProto::FLOAT) {
    return not_a_classifier("its input is not float32 of rank 4");
  }
  return input;
}

Result<std::string> classes_output(const onnx::GraphProto& graph, std::size_t labels) {
  std::vector<std::int64_t> stated;
  for (const auto& output : graph.output()) {
    const auto sizes = sizes_of(output);
    const bool is_only = graph.output_size() == 1 && (sizes.empty() || sizes.back() == 0);
    if (is_only || (sizes.size() == 2 && sizes[1] == static_cast<std::int64_t>(labels))) {
      return output.name();
    }
    if (sizes.size() == 2) stated.push_back(sizes[1]);
  }
  if (stated.empty()) return not_a_classifier("no output [N, classes]");
  return fail(ErrorCode::mismatch,
              fmt::format("the network tells {} classes apart, {} labels are given", stated.front(),
                          labels),
              "", "give a label for each output, in their order");
}

Result<void> take_sizes(const onnx::ValueInfoProto& input, const Foreign& foreign,
                        image::Preprocessing& how) {
  const auto sizes = sizes_of(input);
  const std::size_t channels = foreign.channels_last ? 3 : 1;
  const std::size_t height = foreign.channels_last ? 1 : 2;
  if (sizes[channels] != 3 && sizes[channels] != 0) {
    return fail(ErrorCode::mismatch,
                fmt::format("the network takes {} channels, where 3 are expected", sizes[channels]),
                "", sizes[4 - channels] == 3 ? "name the other layout" : "");
  }
  const auto side = [](std::int64_t own, int& wanted) {
    if (wanted == 0 && own > 0 && own <= 4096) wanted = static_cast<int>(own);
    return wanted > 0 && (own == 0 || own == wanted);
  };
  if (side(sizes[height], how.height_px) && side(sizes[height + 1], how.width_px)) return {};
  return fail(ErrorCode::mismatch,
              fmt::format("the network takes {} × {} pixels (0: any), {} × {} are asked for",
                          sizes[height + 1], sizes[height], how.width_px, how.height_px),
              "", "give the size that it was trained with");
}

void add_constant(onnx::GraphProto& graph, const std::string& name, float value) {
  auto* tensor = graph.add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  tensor->set_raw_data(&value, sizeof value);
  tensor->add_dims(1);
}

onnx::NodeProto* add_node(onnx::GraphProto& graph, const char* type, const std::string& from,
                          const std::string& to) {
  auto* node = graph.add_node();
  node->set_op_type(type);
  node->set_name("bloodcell." + to);
  node->add_input(from);
  node->add_output(to);
  return node;
}

void put_input_before(onnx::GraphProto& graph, const std::string& inner, const Foreign& foreign) {
  auto* node = add_node(graph, foreign.channels_last ? "Transpose" : "Identity", kInput, inner);
  if (foreign.channels_last) {
    auto* order = node->add_attribute();
    order->set_name("perm");
    order->set_type(onnx::AttributeProto::INTS);
    for (const int axis : {0, 2, 3, 1}) order->add_ints(axis);
  }
  auto& nodes = *graph.mutable_node();
  std::rotate(nodes.pointer_begin(), nodes.pointer_end() - 1, nodes.pointer_end());
  graph.clear_input();
  auto* input = graph.add_input();
  input->set_name(kInput);
  set_sizes(*input, {3, foreign.preprocessing.height_px, foreign.preprocessing.width_px});
}

void put_output_behind(onnx::GraphProto& graph, const std::string& inner, const Foreign& foreign) {
  if (foreign.gives_probabilities) {  // softmax(log p) = p
    add_constant(graph, "bloodcell.least", kLeast);
    add_node(graph, "Add", inner, "bloodcell.positive")->add_input("bloodcell.least");
    add_node(graph, "Log", "bloodcell.positive", kOutput);
  } else {
    add_node(graph, "Identity", inner, kOutput);
  }
  graph.clear_output();
  auto* output = graph.add_output();
  output->set_name(kOutput);
  set_sizes(*output, {static_cast<std::int64_t>(foreign.labels.size())});
  graph.clear_value_info();  // shapes that may state the old batch
}

}  // namespace

Result<ModelFile> wrap(Bytes onnx, const Foreign& given, const Limits& limits) {
  BC_CHECK(survey(onnx));
  const std::string original = sha256(onnx);
  BC_ASSIGN(onnx::ModelProto model, parse_onnx(onnx));
  for (const auto& entry : model.metadata_props()) {
    if (entry.key() != kMetadataKey) continue;
    return fail(ErrorCode::usage, "is a model file of BloodCell: it says its own classes", {},
                "use it as it is, without --labels");
  }
  auto& graph = *model.mutable_graph();
  rename_inside(graph);
  BC_ASSIGN(const auto input, only_input(graph));
  BC_ASSIGN(const auto output, classes_output(graph, given.labels.size()));
  Foreign foreign = given;
  BC_CHECK(take_sizes(input, foreign, foreign.preprocessing));
  BC_CHECK(image::check(foreign.preprocessing));
  make_all_raw(graph);
  put_input_before(graph, input.name(), foreign);
  put_output_behind(graph, output, foreign);
  BC_CHECK(check_is_self_contained(model));

  Description description;
  description.name = foreign.name;
  description.architecture = "imported";
  description.labels = foreign.labels;
  description.preprocessing = foreign.preprocessing;
  description.graph_sha256 = sha256(serialised(graph));
  description.provenance = {{"imported_from", original},
                            {"producer", model.producer_name() + " " + model.producer_version()}};
  BC_ASSIGN(std::string metadata, text_of(to_json(description)));
  model.clear_metadata_props();
  put_entry(model, kMetadataKey, std::move(metadata));
  return read(serialised(model), limits);
}

Result<std::vector<std::string>> labels_of_lines(std::string_view text) {
  constexpr std::size_t kMost = 1000;
  std::vector<std::string> labels;
  std::set<std::string> seen;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    if (!seen.insert(line).second) {
      return fail(ErrorCode::malformed,
                  fmt::format("line {}: the label '{}' stands twice", number, line), {},
                  "give each class a name of its own");
    }
    labels.push_back(std::move(line));
  }
  if (labels.empty() || labels.size() > kMost) {
    return fail(ErrorCode::malformed, fmt::format("{} labels, not 1 to {}", labels.size(), kMost));
  }
  return labels;
}

}  // namespace bloodcell::model_file
