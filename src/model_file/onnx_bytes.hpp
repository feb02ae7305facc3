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
inline constexpr const char* kLocatorKey = "bloodcell.locator";
inline constexpr const char* kSecondKey = "bloodcell.second";

// The same message gives the same bytes.
[[nodiscard]] Bytes serialised(const google::protobuf::MessageLite& message);

// Errors: malformed.
[[nodiscard]] Result<onnx::ModelProto> parse_onnx(const Bytes& bytes);

// In the place of the entry of that key, or behind all.
void put_entry(onnx::ModelProto& model, const char* key, std::string value);
void drop_entry(onnx::ModelProto& model, const char* key);

// The file that a metadata entry holds in base64. Errors: malformed (not the one whose SHA-256 is
// `named`).
[[nodiscard]] Result<Bytes> file_within(const std::string& entry, const std::string& named);

// Errors: malformed (text that is not UTF-8).
[[nodiscard]] Result<std::string> text_of(const nlohmann::json& metadata);

// The file of this model with that description in its metadata. Errors: those of read(), without a
// limit on the file's bytes.
[[nodiscard]] Result<ModelFile> with_metadata(onnx::ModelProto model,
                                              const Description& description);

// The same for a model whose network has been changed: its hash is made anew. What was measured of
// the old one is the caller's to drop.
[[nodiscard]] Result<ModelFile> with_graph(onnx::ModelProto model, Description description);

}  // namespace bloodcell::model_file
