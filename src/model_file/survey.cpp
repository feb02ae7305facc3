#include "survey.hpp"

#include <limits>
#include <optional>
#include <string_view>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <onnx/onnx_pb.h>

#include "onnx_bytes.hpp"

namespace bloodcell::model_file {

namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// One field of a message: its number, and its content if it is a length-delimited one.
struct Field {
  int number = 0;
  std::optional<std::span<const std::byte>> content;
};

// The fields of one message, in the order they stand.
class Fields {
 public:
  explicit Fields(std::span<const std::byte> message)
      : message_(message),
        in_(reinterpret_cast<const std::uint8_t*>(message.data()),
            static_cast<int>(message.size())) {}

  // The next one; nothing at the end or where the message is broken.
  std::optional<Field> next() {
    const std::uint32_t tag = in_.ReadTag();
    if (tag == 0) return std::nullopt;
    Field field{WireFormatLite::GetTagFieldNumber(tag), std::nullopt};
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in_, tag)) return broken();
      return field;
    }
    std::uint32_t length = 0;
    if (!in_.ReadVarint32(&length)) return broken();
    const auto at = static_cast<std::size_t>(in_.CurrentPosition());
    if (length > message_.size() - at || !in_.Skip(static_cast<int>(length))) return broken();
    field.content = message_.subspan(at, length);
    return field;
  }

  [[nodiscard]] bool whole() const {
    return !broken_ && static_cast<std::size_t>(in_.CurrentPosition()) == message_.size();
  }

 private:
  std::nullopt_t broken() {
    broken_ = true;
    return std::nullopt;
  }

  std::span<const std::byte> message_;
  CodedInputStream in_;
  bool broken_ = false;
};

tl::unexpected<Error> not_onnx() {
  return fail(ErrorCode::malformed, "not an ONNX file, or not the whole of one", "",
              "copy it again");
}

Result<std::uint64_t> raw_bytes_of_tensor(std::span<const std::byte> tensor) {
  std::uint64_t raw = 0;
  Fields fields(tensor);
  while (const auto field = fields.next()) {
    if (field->content && field->number == onnx::TensorProto::kRawDataFieldNumber) {
      raw += field->content->size();
    }
  }
  if (!fields.whole()) return not_onnx();
  return raw;
}

Result<std::uint64_t> raw_bytes_of_graph(std::span<const std::byte> graph) {
  std::uint64_t raw = 0;
  Fields fields(graph);
  while (const auto field = fields.next()) {
    if (field->content && field->number == onnx::GraphProto::kInitializerFieldNumber) {
      BC_ASSIGN(const std::uint64_t of_tensor, raw_bytes_of_tensor(*field->content));
      raw += of_tensor;
    }
  }
  if (!fields.whole()) return not_onnx();
  return raw;
}

// The text of a metadata entry that holds a second file.
Result<std::uint64_t> bytes_of_second(std::span<const std::byte> entry) {
  std::string_view key;
  std::uint64_t value = 0;
  Fields fields(entry);
  while (const auto field = fields.next()) {
    if (!field->content) continue;
    if (field->number == onnx::StringStringEntryProto::kKeyFieldNumber) {
      key = {reinterpret_cast<const char*>(field->content->data()), field->content->size()};
    } else if (field->number == onnx::StringStringEntryProto::kValueFieldNumber) {
      value = field->content->size();
    }
  }
  if (!fields.whole()) return not_onnx();
  return key == kSecondKey ? value : 0;
}

}  // namespace

Result<Survey> survey(std::span<const std::byte> bytes) {
  if (bytes.empty()) return fail(ErrorCode::malformed, "an empty file", "", "copy it again");
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return fail(ErrorCode::limit_exceeded, "larger than 2 GiB, the most an ONNX file can be");
  }
  std::optional<std::span<const std::byte>> graph;
  std::uint64_t second = 0;
  Fields fields(bytes);
  while (const auto field = fields.next()) {
    if (field->content && field->number == onnx::ModelProto::kMetadataPropsFieldNumber) {
      BC_ASSIGN(const std::uint64_t here, bytes_of_second(*field->content));
      second += here;
    }
    if (!field->content || field->number != onnx::ModelProto::kGraphFieldNumber) continue;
    if (graph) {
      return fail(ErrorCode::malformed, "an ONNX file with two graphs", "",
                  "make the file again with bloodcell export");
    }
    graph = field->content;
  }
  if (!fields.whole() || !graph) return not_onnx();
  BC_ASSIGN(const std::uint64_t raw, raw_bytes_of_graph(*graph));
  const Survey found{*graph, bytes.size() - raw - second};
  if (found.structure_bytes > kMostStructureBytes) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("{} bytes of layers and metadata beside the weights, more than the "
                            "limit of {}",
                            found.structure_bytes, kMostStructureBytes),
                "", "keep weights as raw data, and provenance short");
  }
  return found;
}

}  // namespace bloodcell::model_file
