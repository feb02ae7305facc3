// ONNX files between bytes and protobuf, and their metadata entries.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace google::protobuf {
class MessageLite;
}
namespace onnx {
class ModelProto;
}

namespace bloodcell::model_file {

inline constexpr const char* kMetadataKey = "bloodcell";

// The same message gives the same bytes.
[[nodiscard]] Bytes serialised(const google::protobuf::MessageLite& message);

// Errors: malformed.
[[nodiscard]] Result<onnx::ModelProto> parse_onnx(const Bytes& bytes);

void add_entry(onnx::ModelProto& model, const char* key, std::string value);

// Errors: malformed (text that is not UTF-8).
[[nodiscard]] Result<std::string> text_of(const nlohmann::json& metadata);

// The file with another network, its hash made anew. What was measured of the old one is the
// caller's to drop. Errors: those of read().
[[nodiscard]] Result<ModelFile> with_graph(const ModelFile& file, onnx::ModelProto model,
                                           Description description);

}  // namespace bloodcell::model_file
