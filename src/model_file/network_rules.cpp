#include "network_rules.hpp"

#include <optional>
#include <vector>

#include <onnx/onnx_pb.h>

#include "pairs.hpp"

namespace bloodcell::model_file {

namespace {

tl::unexpected<Error> not_ours(const std::string& what) {
  return fail(ErrorCode::unsupported, "a network with " + what, "",
              "make a model file with bloodcell export");
}

std::optional<std::uint64_t> bytes_of_value(int type) {
  switch (type) {
    case onnx::TensorProto::INT8:
    case onnx::TensorProto::UINT8:
    case onnx::TensorProto::BOOL: return 1;
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16: return 2;
    case onnx::TensorProto::FLOAT:
    case onnx::TensorProto::INT32: return 4;
    case onnx::TensorProto::INT64: return 8;
    default: return std::nullopt;
  }
}

Result<void> check_tensor(const onnx::TensorProto& tensor) {
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL || tensor.external_data_size() > 0) {
    return not_ours(fmt::format("its weight {} in another file", tensor.name()));
  }
  const auto bytes_each = bytes_of_value(tensor.data_type());
  if (!bytes_each || !tensor.has_raw_data()) {
    return not_ours(fmt::format("a tensor {} that is not raw data", tensor.name()));
  }
  const std::uint64_t held = tensor.raw_data().size();
  std::uint64_t needed = *bytes_each;
  for (const std::int64_t dim : tensor.dims()) {
    const bool fits = dim >= 1 && needed <= held / static_cast<std::uint64_t>(dim);
    needed = fits ? needed * static_cast<std::uint64_t>(dim) : held + 1;
  }
  if (needed == held) return {};
  return fail(
      ErrorCode::malformed,
      fmt::format("tensor {} holds {} bytes, which its sizes do not fit", tensor.name(), held), "",
      "copy the file again");
}

Result<void> check_node(const onnx::NodeProto& node) {
  for (const auto& attribute : node.attribute()) {
    if (attribute.has_g() || attribute.graphs_size() > 0) {
      return not_ours(fmt::format("a {} that runs a network of its own", node.op_type()));
    }
    if (attribute.has_sparse_tensor() || attribute.sparse_tensors_size() > 0) {
      return not_ours("sparse tensors");
    }
    if (attribute.has_t()) BC_CHECK(check_tensor(attribute.t()));
    for (const auto& tensor : attribute.tensors()) BC_CHECK(check_tensor(tensor));
  }
  return {};
}

// The sizes after the batch, or nothing if the value is not a float tensor of any batch and known
// sizes.
std::optional<std::vector<std::int64_t>> sizes_after_batch(const onnx::ValueInfoProto& value) {
  const auto& tensor = value.type().tensor_type();
  if (tensor.elem_type() != onnx::TensorProto::FLOAT || tensor.shape().dim_size() < 1 ||
      tensor.shape().dim(0).has_dim_value()) {
    return std::nullopt;
  }
  std::vector<std::int64_t> sizes;
  for (int i = 1; i < tensor.shape().dim_size(); ++i) {
    if (!tensor.shape().dim(i).has_dim_value()) return std::nullopt;
    sizes.push_back(tensor.shape().dim(i).dim_value());
  }
  return sizes;
}

}  // namespace

Result<void> check_is_self_contained(const onnx::ModelProto& model) {
  const auto& graph = model.graph();
  if (model.training_info_size() > 0) return not_ours("training graphs");
  if (model.functions_size() > 0) return not_ours("functions of its own");
  if (graph.sparse_initializer_size() > 0) return not_ours("sparse tensors");
  for (const auto& tensor : graph.initializer()) BC_CHECK(check_tensor(tensor));
  for (const auto& node : graph.node()) BC_CHECK(check_node(node));
  return check_pairs(graph);
}

Result<void> check_ends(const onnx::GraphProto& graph, const Description& description) {
  const auto& p = description.preprocessing;
  const std::vector<std::int64_t> image{3, p.height_px, p.width_px};
  if (graph.input_size() != 1 || graph.input(0).name() != "images" ||
      sizes_after_batch(graph.input(0)) != image) {
    return fail(ErrorCode::mismatch,
                fmt::format("the network's input is not images [N, 3, {}, {}], as its "
                            "preprocessing makes them",
                            p.height_px, p.width_px));
  }
  const std::vector<std::int64_t> values{static_cast<std::int64_t>(output_values(description))};
  for (const auto& output : graph.output()) {
    if (output.name() == "logits" && sizes_after_batch(output) == values) return {};
  }
  return fail(ErrorCode::mismatch,
              fmt::format("the network has no output logits [N, {}] for its {} labels",
                          output_values(description), description.labels.size()));
}

}  // namespace bloodcell::model_file
