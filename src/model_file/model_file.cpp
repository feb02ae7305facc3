#include <bloodcell/model_file/model_file.hpp>

#include <algorithm>
#include <cmath>

#include <onnx/onnx_pb.h>
#include <nlohmann/json.hpp>

#include <bloodcell/base/base64.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/graph/onnx.hpp>
#include <bloodcell/graph/strict_json.hpp>

#include "halves.hpp"
#include "network_rules.hpp"
#include "onnx_bytes.hpp"
#include "pairs.hpp"
#include "survey.hpp"

namespace bloodcell::model_file {

using nlohmann::json;

namespace {

constexpr std::size_t kLargestLocator = 2U << 20;  // in base64 within kMostStructureBytes
constexpr int kDeepestJson = 32;
constexpr const char* kMakeAgain = "make the file again with bloodcell export or join";

// Null when there is none. Errors: malformed for two.
Result<const std::string*> find_entry(const onnx::ModelProto& model, const char* key) {
  const std::string* found = nullptr;
  for (const auto& entry : model.metadata_props()) {
    if (entry.key() != key) continue;
    if (found != nullptr) {
      return fail(ErrorCode::malformed, fmt::format("an ONNX file with the entry {} twice", key),
                  "", "make the file again with bloodcell export");
    }
    found = &entry.value();
  }
  return found;
}

// Its value, moved out; empty when there is none.
std::string take_entry(onnx::ModelProto& model, const char* key) {
  for (auto& entry : *model.mutable_metadata_props()) {
    if (entry.key() == key) return std::move(*entry.mutable_value());
  }
  return {};
}

// The entry `key`, which the metadata must name; null when there is none.
Result<const std::string*> entry_within(const onnx::ModelProto& model, const char* key,
                                        const std::string& named) {
  BC_ASSIGN(const std::string* found, find_entry(model, key));
  if ((found == nullptr) == named.empty()) return found;
  return fail(ErrorCode::malformed,
              "a network within that its metadata do not name, or the reverse", "", kMakeAgain);
}

std::string versions_of(const onnx::ModelProto& model) {
  std::string versions = std::to_string(model.ir_version());
  for (const auto& opset : model.opset_import()) {
    versions += " " + opset.domain() + (opset.domain().empty() ? "" : ":") +
                std::to_string(opset.version());
  }
  return versions;
}

Result<json> parse_metadata(const onnx::ModelProto& model, const Limits& limits) {
  BC_ASSIGN(const std::string* found, find_entry(model, kMetadataKey));
  if (found == nullptr) {
    return fail(ErrorCode::unsupported, "an ONNX file without BloodCell's metadata", "",
                "make a model file with bloodcell export");
  }
  if (found->size() > limits.max_json_bytes) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("metadata of {} bytes, more than the limit of {}", found->size(),
                            limits.max_json_bytes));
  }
  auto parsed = graph::parse_strict_json(*found, kDeepestJson);
  if (!parsed) {
    return fail(ErrorCode::malformed,
                "the model's metadata is not sound JSON: " + parsed.error().message, "",
                "make the file again with bloodcell export");
  }
  return parsed;
}

Result<void> check_finite(const graph::Weights& weights) {
  for (const auto& [name, tensor] : weights) {
    const bool finite = std::all_of(tensor.values.begin(), tensor.values.end(),
                                    [](float value) { return std::isfinite(value); });
    if (!finite) {
      return fail(ErrorCode::malformed,
                  fmt::format("weight {} holds a value that is not a number", name), "",
                  "take an earlier checkpoint; training has run away");
    }
  }
  return {};
}

Result<void> check_fits(const graph::Graph& graph, const Description& description) {
  const graph::Shape in = graph.input_shape();
  const auto& p = description.preprocessing;
  if (description.architecture != graph.architecture) {
    return fail(ErrorCode::mismatch, fmt::format("the network is {}, the description says {}",
                                                 graph.architecture, description.architecture));
  }
  if (in != graph::Shape{3, p.height_px, p.width_px} ||
      graph.output_shape().values() != static_cast<std::int64_t>(output_values(description))) {
    return fail(ErrorCode::mismatch,
                fmt::format("{} takes [{}, {}, {}] and gives {} values; the description says "
                            "[3, {}, {}] and {}",
                            graph.architecture, in.channels, in.height, in.width,
                            graph.output_shape().values(), p.height_px, p.width_px,
                            output_values(description)));
  }
  return {};
}

}  // namespace

Result<Bytes> file_within(const std::string& entry, const std::string& named) {
  auto bytes = from_base64(entry);
  if (bytes && sha256(*bytes) == named) return bytes;
  return fail(ErrorCode::malformed, "the network within is not the one its metadata were made for",
              "", kMakeAgain);
}

Result<ModelFile> make(const graph::Graph& graph, const graph::Weights& weights,
                       Description description) {
  if (description.architecture.empty()) description.architecture = graph.architecture;
  BC_CHECK(check_fits(graph, description));
  BC_CHECK(check_finite(weights));
  BC_ASSIGN(const Bytes bare, graph::write_onnx(graph, weights, {}));
  BC_ASSIGN(onnx::ModelProto model, parse_onnx(bare));
  description.graph_sha256 = sha256(serialised(model.graph()));

  model.set_doc_string(
      fmt::format("{}: {} classes of blood cells. All that is needed to use it is in the metadata "
                  "entry '{}'. For research only.",
                  description.name, description.labels.size(), kMetadataKey));
  return with_metadata(std::move(model), description);
}

Result<ModelFile> with_description(const ModelFile& file, Description description) {
  BC_ASSIGN(onnx::ModelProto model, parse_onnx(file.onnx));
  description.graph_sha256 = file.description.graph_sha256;
  description.locator_sha256 = file.description.locator_sha256;
  if (description.second.has_value() != file.description.second.has_value()) {
    return fail(ErrorCode::mismatch, "a description that does not say what lies in the file");
  }
  if (description.second) {
    description.second->sha256 = file.description.second->sha256;
    description.second->preprocessing = file.description.second->preprocessing;
  }
  return with_metadata(std::move(model), description);
}

Result<ModelFile> with_locator(const ModelFile& classifier, const ModelFile& locator) {
  if (classifier.description.task != graph::Task::classify ||
      locator.description.task != graph::Task::locate) {
    return fail(ErrorCode::usage, "a classifier takes a locator within, nothing else", "",
                "give the files in their order");
  }
  if (locator.onnx.size() > kLargestLocator) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("a locator of {} bytes, more than the limit of {}", locator.onnx.size(),
                            kLargestLocator));
  }
  BC_ASSIGN(onnx::ModelProto model, parse_onnx(classifier.onnx));
  Description description = classifier.description;
  description.locator_sha256 = sha256(locator.onnx);
  put_entry(model, kLocatorKey, base64(locator.onnx));
  return with_metadata(std::move(model), description);
}

Result<ModelFile> read(Bytes bytes, const Limits& limits) {
  if (bytes.size() > limits.max_file_bytes) {
    return fail(
        ErrorCode::limit_exceeded,
        fmt::format("{} bytes, more than the limit of {}", bytes.size(), limits.max_file_bytes), "",
        "raise --max-file-bytes if you trust it");
  }
  BC_ASSIGN(const Survey outline, survey(bytes));
  BC_ASSIGN(onnx::ModelProto model, parse_onnx(bytes));
  BC_ASSIGN(const json metadata, parse_metadata(model, limits));
  BC_ASSIGN(Description description, description_from_json(metadata));
  BC_CHECK(check_is_self_contained(model));
  BC_CHECK(check_ends(model.graph(), description));
  if (sha256(outline.graph) != description.graph_sha256) {
    return fail(ErrorCode::mismatch, "the network is not the one its metadata was made for", "",
                "copy the file again, or export it again if it was edited");
  }
  const auto& locator_named = description.locator_sha256;
  const auto second_named = description.second ? description.second->sha256 : std::string();
  BC_ASSIGN(const auto* locator_entry, entry_within(model, kLocatorKey, locator_named));
  BC_CHECK(entry_within(model, kSecondKey, second_named));
  Bytes locator;
  if (locator_entry != nullptr) {
    BC_ASSIGN(locator, file_within(*locator_entry, locator_named));
  }
  return ModelFile{std::move(description),   std::move(bytes),
                   std::move(locator),       take_entry(model, kSecondKey),
                   has_pairs(model.graph()), has_halves(model.graph()),
                   versions_of(model)};
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
