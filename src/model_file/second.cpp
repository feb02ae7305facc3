#include <bloodcell/model_file/model_file.hpp>

#include <onnx/onnx_pb.h>

#include <bloodcell/base/base64.hpp>
#include <bloodcell/base/hash.hpp>

#include "onnx_bytes.hpp"

namespace bloodcell::model_file {

namespace {

// What a second reading, and adapting it, take of a file.
Result<ModelFile> reading_part(const ModelFile& file) {
  BC_ASSIGN(onnx::ModelProto model, parse_onnx(file.onnx));
  drop_entry(model, kLocatorKey);
  Description description = file.description;
  description.locator_sha256.clear();
  description.min_confidence = 0;
  if (description.trust) {
    Trust kept;
    kept.calibration = std::move(description.trust->calibration);
    kept.familiarity = std::move(description.trust->familiarity);
    description.trust = std::move(kept);
  }
  return with_metadata(std::move(model), description);
}

Result<void> check_reads_alike(const Description& first, const Description& second) {
  if (first.labels != second.labels) {
    return fail(ErrorCode::mismatch, "a second network with other labels, or in another order", "",
                "give one that learnt the same classes");
  }
  const auto& a = first.preprocessing;
  const auto& b = second.preprocessing;
  if (a.cell_margin != b.cell_margin || a.white_point != b.white_point || a.fit != b.fit) {
    return fail(ErrorCode::mismatch,
                fmt::format("cells framed by a margin of {} and the second's by {}, a white point "
                            "of {} and {}, or fitted otherwise",
                            a.cell_margin, b.cell_margin, a.white_point, b.white_point),
                "", "give one that learnt from cells framed alike");
  }
  return {};
}

}  // namespace

Result<ModelFile> with_second(const ModelFile& file, const ModelFile& second, double below,
                              double weight) {
  if (file.description.task != graph::Task::classify ||
      second.description.task != graph::Task::classify || second.description.second) {
    return fail(ErrorCode::usage, "a classifier takes a single classifier within, nothing else", "",
                "give the files in their order");
  }
  BC_CHECK(check_reads_alike(file.description, second.description));
  BC_ASSIGN(const ModelFile part, reading_part(second));
  BC_ASSIGN(onnx::ModelProto model, parse_onnx(file.onnx));
  Description description = file.description;
  description.second =
      SecondReading{sha256(part.onnx), part.description.preprocessing, below, weight};
  if (!description.provenance.is_object()) description.provenance = nlohmann::json::object();
  description.provenance["second"] = {{"name", second.description.name},
                                      {"architecture", second.description.architecture},
                                      {"from_sha256", sha256(second.onnx)}};
  const auto& own = second.description.provenance;
  if (own.is_object() && own.contains("licence")) {
    description.provenance["second"]["licence"] = own["licence"];
  }
  put_entry(model, kSecondKey, base64(part.onnx));
  return with_metadata(std::move(model), description);
}

Result<ModelFile> second_of(const ModelFile& file, const Limits& limits) {
  if (!file.description.second) return fail(ErrorCode::usage, "a model file of one network");
  BC_ASSIGN(Bytes bytes, file_within(file.second, file.description.second->sha256));
  BC_ASSIGN(auto second, read(std::move(bytes), limits));
  const auto& description = second.description;
  const bool is_as_said = description.task == graph::Task::classify && !description.second &&
                          description.preprocessing == file.description.second->preprocessing &&
                          check_reads_alike(file.description, description).has_value();
  if (is_as_said) return second;
  return fail(ErrorCode::malformed, "a second network within that does not fit the first", "",
              "make the file again with bloodcell join");
}

Result<ModelFile> without_second(const ModelFile& file) {
  BC_ASSIGN(onnx::ModelProto model, parse_onnx(file.onnx));
  drop_entry(model, kSecondKey);
  Description description = file.description;
  description.second.reset();
  if (description.provenance.is_object()) description.provenance.erase("second");
  return with_metadata(std::move(model), description);
}

}  // namespace bloodcell::model_file
