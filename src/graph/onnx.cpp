#include <bloodcell/graph/onnx.hpp>

#include <limits>

#include <onnx/onnx_pb.h>

#include <bloodcell/base/version.hpp>

namespace bloodcell::graph {

namespace {

constexpr int kOpset = 13;
constexpr int kIrVersion = 7;

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

// What a node of ours ends in: the name of an ONNX tensor, [N, C, H, W] or, once flat, [N, C].
struct Value {
  std::string name;
  bool flat = false;
};

// Writes one node of ours as one or more of ONNX's: `<layer>`, which makes the tensor
// `<layer>.out`. Dropout is left out: its output is its input.
class Writer {
 public:
  Writer(const Graph& graph, const Weights& weights, onnx::GraphProto& out)
      : graph_(graph), weights_(weights), out_(out) {}

  void write() {
    for (const Node& node : graph_.nodes) values_.push_back(written(node));
    set_int(add("Flatten", "logits_output", {values_.back().name}, "logits"), "axis", 1);
    if (!gives_maps()) {
      set_int(add("Softmax", "probabilities_output", {"logits"}, "probabilities"), "axis", 1);
    }

    const Shape in = graph_.input_shape();
    add_value(*out_.add_input(), "images", {in.channels, in.height, in.width});
    add_value(*out_.add_output(), "logits", {graph_.output_shape().values()});
    if (!gives_maps()) add_value(*out_.add_output(), "probabilities", {graph_.classes()});
  }

 private:
  [[nodiscard]] bool gives_maps() const {
    return graph_.output_shape().values() != graph_.classes();
  }

  onnx::NodeProto& add(const char* type, const std::string& layer,
                       std::initializer_list<std::string> inputs, const std::string& output) {
    auto& node = *out_.add_node();
    node.set_op_type(type);
    node.set_name(layer);
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

  const Value& from(const Node& node, std::size_t input = 0) const {
    return values_[node.inputs[input]];
  }

  const Shape& shape_before(const Node& node) const { return graph_.nodes[node.inputs[0]].shape; }

  // The input as [N, C], for `node`.
  std::string vector_before(const Node& node, std::size_t input = 0) {
    const Value& value = from(node, input);
    if (value.flat) return value.name;
    const std::string name = node.name + ".vector";
    set_int(add("Flatten", name, {value.name}, name), "axis", 1);
    return name;
  }

  // The input as [N, C, H, W], for `node`.
  std::string maps_before(const Node& node, std::size_t input = 0) {
    const Value& value = from(node, input);
    if (!value.flat) return value.name;
    const Shape s = graph_.nodes[node.inputs[input]].shape;
    const std::string name =
        input == 0 ? node.name + ".maps" : fmt::format("{}.maps{}", node.name, input);
    const std::string shape = whole_numbers(name + "_shape", {-1, s.channels, s.height, s.width});
    add("Reshape", name, {value.name, shape}, name);
    return name;
  }

  void set_window(onnx::NodeProto& out, const Node& node, Sides size, int stride, Padding padding) {
    const Shape in = shape_before(node);
    const PaddingPixels rows = padding_pixels(padding, in.height, size.height, stride);
    const PaddingPixels columns = padding_pixels(padding, in.width, size.width, stride);
    set_ints(out, "kernel_shape", {size.height, size.width});
    set_ints(out, "strides", {stride, stride});
    set_ints(out, "pads", {rows.before, columns.before, rows.after, columns.after});
  }

  Value written(const Node& node) {
    return std::visit([&](const auto& operation) { return write_as(operation, node); },
                      node.operation);
  }

  static Value write_as(const Input&, const Node&) { return {"images"}; }

  Value write_as(const Conv2d& conv, const Node& node) {
    const std::string& n = node.name;
    auto& out = add("Conv", n, {maps_before(node), weight(n + ".weight")}, n + ".out");
    if (conv.bias) out.add_input(weight(n + ".bias"));
    set_window(out, node, conv.kernel, conv.stride, conv.padding);
    set_int(out, "group", conv.groups);
    return {n + ".out"};
  }

  Value write_as(const BatchNorm& norm, const Node& node) {
    const std::string& n = node.name;
    auto& out = add("BatchNormalization", n,
                    {from(node).name, weight(n + ".weight"), weight(n + ".bias"),
                     weight(n + ".running_mean"), weight(n + ".running_var")},
                    n + ".out");
    set_float(out, "epsilon", norm.epsilon);
    return {n + ".out", from(node).flat};
  }

  // Opset 13 has no group norm: each group is made an instance, normalised, and scaled by channel.
  Value write_as(const GroupNorm& norm, const Node& node) {
    const std::string& n = node.name;
    const Shape s = node.shape;
    if (norm.groups == s.channels) return write_instance_norm(norm, node);
    const std::vector<std::int64_t> groups{norm.groups};
    const std::vector<float> ones(static_cast<std::size_t>(norm.groups), 1.0F);
    const std::vector<float> zeros(static_cast<std::size_t>(norm.groups), 0.0F);
    const std::string grouped = whole_numbers(n + ".groups_shape", {0, norm.groups, -1});
    add("Reshape", n + ".groups", {maps_before(node), grouped}, n + ".groups");
    auto& instance =
        add("InstanceNormalization", n + ".normal",
            {n + ".groups", floats(n + ".ones", groups, ones), floats(n + ".zeros", groups, zeros)},
            n + ".normal");
    set_float(instance, "epsilon", norm.epsilon);
    const std::string whole =
        whole_numbers(n + ".channels_shape", {-1, s.channels, s.height, s.width});
    add("Reshape", n + ".channels", {n + ".normal", whole}, n + ".channels");
    const std::vector<std::int64_t> by_channel{s.channels, 1, 1};
    const auto scale = floats(n + ".weight", by_channel, weights_.at(n + ".weight").values);
    const auto shift = floats(n + ".bias", by_channel, weights_.at(n + ".bias").values);
    add("Mul", n + ".scaled", {n + ".channels", scale}, n + ".scaled");
    add("Add", n, {n + ".scaled", shift}, n + ".out");
    return {n + ".out"};
  }

  Value write_instance_norm(const GroupNorm& norm, const Node& node) {
    const std::string& n = node.name;
    auto& out = add("InstanceNormalization", n,
                    {maps_before(node), weight(n + ".weight"), weight(n + ".bias")}, n + ".out");
    set_float(out, "epsilon", norm.epsilon);
    return {n + ".out"};
  }

  Value write_as(const Activate& activate, const Node& node) {
    const std::string& n = node.name;
    const std::string& x = from(node).name;
    switch (activate.kind) {
      case Activation::relu: add("Relu", n, {x}, n + ".out"); break;
      case Activation::relu6:
        add("Clip", n, {x, floats(n + ".low", {}, {0}), floats(n + ".high", {}, {6})}, n + ".out");
        break;
      case Activation::sigmoid: add("Sigmoid", n, {x}, n + ".out"); break;
      case Activation::hard_sigmoid: add_hard_sigmoid(n, x, n + ".out"); break;
      case Activation::silu:
        add("Sigmoid", n + ".gate", {x}, n + ".gate");
        add("Mul", n, {x, n + ".gate"}, n + ".out");
        break;
      case Activation::hard_swish:  // opset 13 has none
        add_hard_sigmoid(n + ".gate", x, n + ".gate");
        add("Mul", n, {x, n + ".gate"}, n + ".out");
        break;
    }
    return {n + ".out", from(node).flat};
  }

  void add_hard_sigmoid(const std::string& layer, const std::string& from,
                        const std::string& output) {
    auto& out = add("HardSigmoid", layer, {from}, output);
    set_float(out, "alpha", 1.0 / 6);
    set_float(out, "beta", 0.5);
  }

  Value write_as(const MaxPool2d& pool, const Node& node) {
    auto& out = add("MaxPool", node.name, {maps_before(node)}, node.name + ".out");
    set_window(out, node, pool.size, pool.stride, pool.padding);
    return {node.name + ".out"};
  }

  Value write_as(const AveragePool2d& pool, const Node& node) {
    auto& out = add("AveragePool", node.name, {maps_before(node)}, node.name + ".out");
    set_window(out, node, pool.size, pool.stride, pool.padding);
    set_int(out, "count_include_pad", pool.count_padding ? 1 : 0);
    return {node.name + ".out"};
  }

  Value write_as(const GlobalAveragePool&, const Node& node) {
    add("GlobalAveragePool", node.name, {maps_before(node)}, node.name + ".out");
    return {node.name + ".out"};
  }

  Value write_as(const Flatten&, const Node& node) {
    set_int(add("Flatten", node.name, {from(node).name}, node.name + ".out"), "axis", 1);
    return {node.name + ".out", true};
  }

  Value write_as(const Dense&, const Node& node) {
    const std::string& n = node.name;
    auto& out = add("Gemm", n, {vector_before(node), weight(n + ".weight"), weight(n + ".bias")},
                    n + ".out");
    set_int(out, "transB", 1);
    return {n + ".out", true};
  }

  Value write_as(const Dropout&, const Node& node) const { return from(node); }

  Value write_as(const Add&, const Node& node) {
    std::string a = from(node, 0).name;
    std::string b = from(node, 1).name;
    const bool flat = from(node, 0).flat || from(node, 1).flat;
    if (flat) {  // at most one of them is not yet flat
      a = vector_before(node, 0);
      b = vector_before(node, 1);
    }
    add("Add", node.name, {a, b}, node.name + ".out");
    return {node.name + ".out", flat};
  }

  Value write_as(const Multiply&, const Node& node) {
    add("Mul", node.name, {maps_before(node, 0), maps_before(node, 1)}, node.name + ".out");
    return {node.name + ".out"};
  }

  Value write_as(const Concat&, const Node& node) {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) parts.push_back(maps_before(node, i));
    auto& out = add("Concat", node.name, {}, node.name + ".out");
    for (const std::string& part : parts) out.add_input(part);
    set_int(out, "axis", 1);
    return {node.name + ".out"};
  }

  Value write_as(const ZeroPad& pad, const Node& node) {
    const Border& b = pad.border;
    const std::string pixels =
        whole_numbers(node.name + ".border", {0, 0, b.top, b.left, 0, 0, b.bottom, b.right});
    add("Pad", node.name, {maps_before(node), pixels}, node.name + ".out");
    return {node.name + ".out"};
  }

  Value write_as(const Crop& crop, const Node& node) {
    const Border& b = crop.border;
    const Shape in = shape_before(node);
    const auto first = whole_numbers(node.name + ".first", {b.top, b.left});
    const auto end = whole_numbers(node.name + ".end", {in.height - b.bottom, in.width - b.right});
    const auto axes = whole_numbers(node.name + ".axes", {2, 3});
    add("Slice", node.name, {maps_before(node), first, end, axes}, node.name + ".out");
    return {node.name + ".out"};
  }

  const Graph& graph_;
  const Weights& weights_;
  onnx::GraphProto& out_;
  std::vector<Value> values_;  // one a node of ours
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
  const std::size_t size = model.ByteSizeLong();
  if (size > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("{} makes an ONNX file of {} bytes, more than the 2 GiB it can hold",
                            graph.architecture, size),
                "", "choose a smaller input or another network");
  }
  Bytes bytes(size);
  if (!model.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(ErrorCode::internal, "the network could not be written as ONNX");
  }
  return bytes;
}

}  // namespace bloodcell::graph
