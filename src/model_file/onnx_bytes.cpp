#include "onnx_bytes.hpp"

#include <algorithm>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <onnx/onnx_pb.h>

#include <bloodcell/base/hash.hpp>

namespace bloodcell::model_file {

using nlohmann::json;

Bytes serialised(const google::protobuf::MessageLite& message) {
  Bytes bytes(message.ByteSizeLong());
  google::protobuf::io::ArrayOutputStream array(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedOutputStream out(&array);
  out.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&out);
  return bytes;
}

Result<onnx::ModelProto> parse_onnx(const Bytes& bytes) {
  onnx::ModelProto model;
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(ErrorCode::malformed, "not an ONNX file, or not the whole of one", "",
                "copy it again");
  }
  return model;
}

void add_entry(onnx::ModelProto& model, const char* key, std::string value) {
  auto* entry = model.add_metadata_props();
  entry->set_key(key);
  entry->set_value(std::move(value));
}

Result<std::string> text_of(const json& metadata) {
  try {
    return metadata.dump();
  } catch (const json::exception&) {
    return fail(ErrorCode::malformed, "the model's description holds text that is not UTF-8", "",
                "write name, labels and provenance in UTF-8");
  }
}

Result<ModelFile> with_graph(const ModelFile& file, onnx::ModelProto model,
                             Description description) {
  description.graph_sha256 = sha256(serialised(model.graph()));
  BC_ASSIGN(const std::string metadata, text_of(to_json(description)));
  for (auto& entry : *model.mutable_metadata_props()) {
    if (entry.key() == kMetadataKey) entry.set_value(metadata);
  }
  Limits limits;
  limits.max_file_bytes = std::max<std::uint64_t>(limits.max_file_bytes, 2 * file.onnx.size());
  return read(serialised(model), limits);
}

}  // namespace bloodcell::model_file
