#include "onnx_bytes.hpp"

#include <algorithm>
#include <limits>

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

void put_entry(onnx::ModelProto& model, const char* key, std::string value) {
  auto& entries = *model.mutable_metadata_props();
  auto entry = std::find_if(entries.begin(), entries.end(),
                            [&](const auto& one) { return one.key() == key; });
  auto& target = entry == entries.end() ? *entries.Add() : *entry;
  target.set_key(key);
  target.set_value(std::move(value));
}

void drop_entry(onnx::ModelProto& model, const char* key) {
  auto& entries = *model.mutable_metadata_props();
  entries.erase(std::remove_if(entries.begin(), entries.end(),
                               [&](const auto& one) { return one.key() == key; }),
                entries.end());
}

Result<std::string> text_of(const json& metadata) {
  try {
    return metadata.dump();
  } catch (const json::exception&) {
    return fail(ErrorCode::malformed, "the model's description holds text that is not UTF-8", "",
                "write name, labels and provenance in UTF-8");
  }
}

Result<ModelFile> with_metadata(onnx::ModelProto model, const Description& description) {
  constexpr Limits kNoLimit{.max_file_bytes = std::numeric_limits<int>::max()};  // of protobuf
  BC_ASSIGN(std::string metadata, text_of(to_json(description)));
  put_entry(model, kMetadataKey, std::move(metadata));
  return read(serialised(model), kNoLimit);
}

Result<ModelFile> with_graph(onnx::ModelProto model, Description description) {
  description.graph_sha256 = sha256(serialised(model.graph()));
  return with_metadata(std::move(model), description);
}

}  // namespace bloodcell::model_file
