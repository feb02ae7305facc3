#include <bloodcell/model_file/model_file.hpp>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <limits>
#include <optional>

#include <bloodcell/base/hash.hpp>
#include <bloodcell/base/version.hpp>
#include <bloodcell/graph/onnx.hpp>

namespace bloodcell::model_file {

using nlohmann::json;

namespace {

constexpr const char* kMetadataKey = "bloodcell";
constexpr int kDeepestJson = 32;

Bytes serialised(const google::protobuf::MessageLite& message) {
  Bytes bytes(message.ByteSizeLong());
  google::protobuf::io::ArrayOutputStream array(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedOutputStream out(&array);
  out.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&out);
  return bytes;
}

Result<onnx::ModelProto> parse_onnx(const Bytes& bytes) {
  constexpr std::size_t kLargestProtobuf = std::numeric_limits<int>::max();
  if (bytes.empty()) return fail(ErrorCode::malformed, "an empty file", "", "copy it again");
  if (bytes.size() > kLargestProtobuf) {
    return fail(ErrorCode::limit_exceeded, "larger than 2 GiB, the most an ONNX file can be");
  }
  google::protobuf::io::ArrayInputStream array(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedInputStream in(&array);
  onnx::ModelProto model;
  if (!model.ParseFromCodedStream(&in) || !in.ConsumedEntireMessage() || !model.has_graph() ||
      model.graph().node_size() == 0) {
    return fail(ErrorCode::malformed, "not an ONNX file, or not the whole of one", "",
                "copy it again");
  }
  return model;
}

Result<json> parse_metadata(const onnx::ModelProto& model, const Limits& limits) {
  const std::string* found = nullptr;
  for (const auto& entry : model.metadata_props()) {
    if (entry.key() == kMetadataKey) found = &entry.value();
  }
  if (found == nullptr) {
    return fail(ErrorCode::unsupported, "an ONNX file without BloodCell's metadata", "",
                "make a model file with bloodcell export");
  }
  if (found->size() > limits.max_json_bytes) {
    return fail(ErrorCode::limit_exceeded, fmt::format("metadata of {} bytes, more than {}",
                                                       found->size(), limits.max_json_bytes));
  }
  bool too_deep = false;
  const auto callback = [&](int depth, json::parse_event_t, json&) {
    too_deep = too_deep || depth > kDeepestJson;
    return !too_deep;
  };
  json parsed = json::parse(*found, callback, /*allow_exceptions=*/false);
  if (too_deep || parsed.is_discarded()) {
    return fail(ErrorCode::malformed, "the model's metadata is not JSON", "",
                "make the file again with bloodcell export");
  }
  return parsed;
}

bool uses_external_data(const onnx::GraphProto& graph, int depth = 0) {
  constexpr int kDeepestGraph = 16;
  if (depth > kDeepestGraph) return true;
  const auto external = [](const onnx::TensorProto& tensor) {
    return tensor.data_location() == onnx::TensorProto::EXTERNAL || tensor.external_data_size() > 0;
  };
  if (std::any_of(graph.initializer().begin(), graph.initializer().end(), external)) return true;
  for (const auto& sparse : graph.sparse_initializer()) {
    if (external(sparse.values()) || external(sparse.indices())) return true;
  }
  for (const auto& node : graph.node()) {
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_t() && external(attribute.t())) return true;
      if (std::any_of(attribute.tensors().begin(), attribute.tensors().end(), external))
        return true;
      if (attribute.has_g() && uses_external_data(attribute.g(), depth + 1)) return true;
      for (const auto& inner : attribute.graphs()) {
        if (uses_external_data(inner, depth + 1)) return true;
      }
    }
  }
  return false;
}

// The sizes after the batch, or nothing if the value is not a float tensor of known sizes.
std::optional<std::vector<std::int64_t>> sizes_after_batch(const onnx::ValueInfoProto& value) {
  if (!value.has_type() || !value.type().has_tensor_type()) return std::nullopt;
  const auto& tensor = value.type().tensor_type();
  if (tensor.elem_type() != onnx::TensorProto::FLOAT || !tensor.has_shape() ||
      tensor.shape().dim_size() < 1) {
    return std::nullopt;
  }
  std::vector<std::int64_t> sizes;
  for (int i = 1; i < tensor.shape().dim_size(); ++i) {
    if (!tensor.shape().dim(i).has_dim_value()) return std::nullopt;
    sizes.push_back(tensor.shape().dim(i).dim_value());
  }
  return sizes;
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
  const std::vector<std::int64_t> classes{static_cast<std::int64_t>(description.labels.size())};
  for (const auto& output : graph.output()) {
    if (output.name() == "logits" && sizes_after_batch(output) == classes) return {};
  }
  return fail(ErrorCode::mismatch,
              fmt::format("the network has no output logits [N, {}] for its "
                          "{} labels",
                          description.labels.size(), description.labels.size()));
}

}  // namespace

Result<ModelFile> make(const graph::Graph& graph, const graph::Weights& weights,
                       Description description) {
  const graph::Shape in = graph.input_shape();
  const auto& p = description.preprocessing;
  if (in != graph::Shape{3, p.height_px, p.width_px} ||
      graph.classes() != static_cast<std::int64_t>(description.labels.size())) {
    return fail(ErrorCode::mismatch,
                fmt::format("{} takes [{}, {}, {}] and gives {} classes; the description says "
                            "[3, {}, {}] and {}",
                            graph.architecture, in.channels, in.height, in.width, graph.classes(),
                            p.height_px, p.width_px, description.labels.size()));
  }
  BC_ASSIGN(const Bytes bare, graph::write_onnx(graph, weights, {}));
  BC_ASSIGN(onnx::ModelProto model, parse_onnx(bare));
  description.graph_sha256 = sha256(serialised(model.graph()));
  BC_ASSIGN(const Description checked, description_from_json(to_json(description)));

  model.set_doc_string(
      fmt::format("{}: {} classes of blood cells; everything needed to use it is "
                  "in the metadata entry '{}'. Research use only.",
                  checked.name, checked.labels.size(), kMetadataKey));
  auto* entry = model.add_metadata_props();
  entry->set_key(kMetadataKey);
  entry->set_value(to_json(description).dump());
  return ModelFile{std::move(description), serialised(model)};
}

Result<ModelFile> read(Bytes bytes, const Limits& limits) {
  if (bytes.size() > limits.max_file_bytes) {
    return fail(
        ErrorCode::limit_exceeded,
        fmt::format("{} bytes, more than the limit of {}", bytes.size(), limits.max_file_bytes), "",
        "raise --max-file-bytes if you trust it");
  }
  BC_ASSIGN(const onnx::ModelProto model, parse_onnx(bytes));
  BC_ASSIGN(const json metadata, parse_metadata(model, limits));
  BC_ASSIGN(Description description, description_from_json(metadata));
  if (uses_external_data(model.graph())) {
    return fail(ErrorCode::unsupported, "its weights lie in another file", "",
                "use a model file that holds them itself");
  }
  BC_CHECK(check_ends(model.graph(), description));
  if (sha256(serialised(model.graph())) != description.graph_sha256) {
    return fail(ErrorCode::mismatch, "the network is not the one its metadata was made for", "",
                "copy the file again, or export it again if it was edited");
  }
  return ModelFile{std::move(description), std::move(bytes)};
}

Result<ModelFile> load(const std::filesystem::path& path, const Limits& limits) {
  BC_ASSIGN(Bytes bytes, read_file(path, limits.max_file_bytes));
  return read(std::move(bytes), limits).map_error([&](Error error) {
    return with_path(std::move(error), path.string());
  });
}

Result<void> save(const ModelFile& file, const std::filesystem::path& path) {
  return write_file(path, file.onnx);
}

}  // namespace bloodcell::model_file
