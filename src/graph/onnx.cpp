#include <bloodcell/graph/onnx.hpp>

#include <set>

#include <onnx/onnx_pb.h>

#include <bloodcell/base/version.hpp>

namespace bloodcell::graph {

namespace {

constexpr int kOpset = 13;
constexpr int kIrVersion = 7;

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

void set_ints(onnx::NodeProto& node, const char* name, std::initializer_list<std::int64_t> values) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute->add_ints(value);
}

void set_int(onnx::NodeProto& node, const char* name, std::int64_t value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INT);
  attribute->set_i(value);
}

void set_float(onnx::NodeProto& node, const char* name, double value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::FLOAT);
  attribute->set_f(static_cast<float>(value));
}

void add_value(onnx::ValueInfoProto& info, const std::string& name,
               std::initializer_list<std::int64_t> dims_after_batch) {
  info.set_name(name);
  auto* type = info.mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  type->mutable_shape()->add_dim()->set_dim_param("N");
  for (const std::int64_t dim : dims_after_batch)
    type->mutable_shape()->add_dim()->set_dim_value(dim);
}

// Writes one node of ours as one or more of ONNX's. Dropout is left out: its output is its input.
class Writer {
 public:
  Writer(const Graph& graph, const Weights& weights, onnx::GraphProto& out)
      : graph_(graph), weights_(weights), out_(out) {}

  void write() {
    for (NodeId id = 0; id < graph_.nodes.size(); ++id) write_node(id);
    auto& logits = add("Identity", {names_.back()}, "logits");
    logits.set_name("logits_output");
    set_int(add("Softmax", {"logits"}, "probabilities"), "axis", 1);

    const Shape in = graph_.input_shape();
    add_value(*out_.add_input(), "images", {in.channels, in.height, in.width});
    add_value(*out_.add_output(), "logits", {graph_.classes()});
    add_value(*out_.add_output(), "probabilities", {graph_.classes()});
  }

 private:
  onnx::NodeProto& add(const char* type, std::initializer_list<std::string> inputs,
                       const std::string& output) {
    auto& node = *out_.add_node();
    node.set_op_type(type);
    node.set_name(output);
    for (const auto& input : inputs) node.add_input(input);
    node.add_output(output);
    return node;
  }

  std::string floats(const std::string& name, const std::vector<std::int64_t>& dims,
                     const std::vector<float>& values) {
    auto& tensor = *out_.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    for (const std::int64_t dim : dims) tensor.add_dims(dim);
    tensor.set_raw_data(values.data(), values.size() * sizeof(float));
    return name;
  }

  std::string whole_numbers(const std::string& name, const std::vector<std::int64_t>& values) {
    auto& tensor = *out_.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.add_dims(static_cast<std::int64_t>(values.size()));
    tensor.set_raw_data(values.data(), values.size() * sizeof(std::int64_t));
    return name;
  }

  std::string weight(const std::string& name) {
    const Tensor& tensor = weights_.at(name);
    return floats(name, tensor.dims, tensor.values);
  }

  void set_window(onnx::NodeProto& node, const Shape& in, int size, int stride, Padding padding) {
    const PaddingPixels rows = padding_pixels(padding, in.height, size, stride);
    const PaddingPixels columns = padding_pixels(padding, in.width, size, stride);
    set_ints(node, "kernel_shape", {size, size});
    set_ints(node, "strides", {stride, stride});
    set_ints(node, "pads", {rows.before, columns.before, rows.after, columns.after});
  }

  void write_conv(const Conv2d& conv, const Node& node, const Shape& in, const std::string& from) {
    auto& out = add("Conv", {from, weight(node.name + ".weight")}, node.name);
    if (conv.bias) out.add_input(weight(node.name + ".bias"));
    set_window(out, in, conv.kernel, conv.stride, conv.padding);
    set_int(out, "group", conv.groups);
  }

  // Opset 13 has no group norm: each group is made an instance, normalised, and scaled by channel.
  void write_group_norm(const GroupNorm& norm, const Node& node, const std::string& from) {
    const Shape s = node.shape;
    const std::vector<float> ones(static_cast<std::size_t>(norm.groups), 1.0F);
    const std::vector<float> zeros(static_cast<std::size_t>(norm.groups), 0.0F);
    const std::string& n = node.name;
    add("Reshape", {from, whole_numbers(n + ".grouped", {0, norm.groups, -1})}, n + "/groups");
    auto& instance = add("InstanceNormalization",
                         {n + "/groups", floats(n + ".ones", {norm.groups}, ones),
                          floats(n + ".zeros", {norm.groups}, zeros)},
                         n + "/normal");
    set_float(instance, "epsilon", norm.epsilon);
    add("Reshape",
        {n + "/normal", whole_numbers(n + ".shape", {-1, s.channels, s.height, s.width})},
        n + "/maps");
    const std::vector<std::int64_t> per_channel{s.channels, 1, 1};
    add("Mul", {n + "/maps", floats(n + ".weight", per_channel, weights_.at(n + ".weight").values)},
        n + "/scaled");
    add("Add", {n + "/scaled", floats(n + ".bias", per_channel, weights_.at(n + ".bias").values)},
        n);
  }

  void write_dense(const Node& node, const Shape& in, const std::string& from) {
    std::string vector = from;
    if (!flat_.contains(from)) {
      vector = node.name + "/vector";
      add("Reshape", {from, whole_numbers(node.name + ".vector", {-1, in.channels})}, vector);
    }
    auto& out = add("Gemm", {vector, weight(node.name + ".weight"), weight(node.name + ".bias")},
                    node.name);
    set_int(out, "transB", 1);
    flat_.insert(node.name);
  }

  void write_node(NodeId id) {
    const Node& node = graph_.nodes[id];
    if (node.inputs.empty()) return names_.push_back("images");
    const std::string from = names_[node.inputs[0]];
    const Shape in = graph_.nodes[node.inputs[0]].shape;
    std::string name = node.name;
    std::visit(
        Overloaded{
            [&](const Input&) {}, [&](const Conv2d& conv) { write_conv(conv, node, in, from); },
            [&](const BatchNorm& norm) {
              auto& out = add("BatchNormalization",
                              {from, weight(name + ".weight"), weight(name + ".bias"),
                               weight(name + ".running_mean"), weight(name + ".running_var")},
                              name);
              set_float(out, "epsilon", norm.epsilon);
            },
            [&](const GroupNorm& norm) { write_group_norm(norm, node, from); },
            [&](const Relu&) { keep_flat(add("Relu", {from}, name), from); },
            [&](const MaxPool2d& pool) {
              set_window(add("MaxPool", {from}, name), in, pool.size, pool.stride, pool.padding);
            },
            [&](const GlobalAveragePool&) { add("GlobalAveragePool", {from}, name); },
            [&](const Flatten&) {
              set_int(add("Flatten", {from}, name), "axis", 1);
              flat_.insert(name);
            },
            [&](const Dense&) { write_dense(node, in, from); },
            [&](const Dropout&) { name = from; },
            [&](const Add&) { add("Add", {from, names_[node.inputs[1]]}, name); }},
        node.operation);
    names_.push_back(name);
  }

  void keep_flat(const onnx::NodeProto& node, const std::string& from) {
    if (flat_.contains(from)) flat_.insert(node.output(0));
  }

  const Graph& graph_;
  const Weights& weights_;
  onnx::GraphProto& out_;
  std::vector<std::string> names_;  // the tensor each node of ours ends in
  std::set<std::string> flat_;      // tensors of two dimensions: [N, C]
};

}  // namespace

Result<Bytes> write_onnx(const Graph& graph, const Weights& weights,
                         const std::map<std::string, std::string>& metadata) {
  BC_CHECK(check_weights(graph, weights));
  onnx::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("bloodcell");
  model.set_producer_version(std::string(version()));
  auto* opset = model.add_opset_import();
  opset->set_domain("");
  opset->set_version(kOpset);
  model.mutable_graph()->set_name(graph.architecture);
  Writer(graph, weights, *model.mutable_graph()).write();
  for (const auto& [key, value] : metadata) {
    auto* entry = model.add_metadata_props();
    entry->set_key(key);
    entry->set_value(value);
  }
  Bytes bytes(model.ByteSizeLong());
  if (!model.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(ErrorCode::internal, "the network could not be written as ONNX");
  }
  return bytes;
}

}  // namespace bloodcell::graph
