#include <bloodcell/model_file/model_file.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <bloodcell/base/random.hpp>

#include "fields.hpp"

namespace bloodcell::model_file {

using nlohmann::json;

namespace {

constexpr int kFormatVersion = 3;
constexpr int kTrustVersion = 2;   // the first with `trust`
constexpr int kSecondVersion = 3;  // the first with `second`
constexpr std::size_t kMostLabels = 1000;
constexpr std::size_t kMostGolden = 16;

Result<int> version_from(const json& from) {
  const auto found = from.find("format_version");
  if (found == from.end() || !found->is_number_unsigned() || *found < 1U) {
    return bad_field("format_version", "is not a whole number from 1");
  }
  if (*found > static_cast<unsigned>(kFormatVersion)) {
    return fail(ErrorCode::unsupported,
                fmt::format("a model file of format {}, this program reads up to {}",
                            found->get<std::uint64_t>(), kFormatVersion),
                "", "use a newer BloodCell");
  }
  return found->get<int>();
}

Result<std::vector<std::string>> labels_from(const json& from) {
  const auto found = from.find("labels");
  if (found == from.end() || !found->is_array()) return bad_field("labels", "is not a list");
  if (found->empty() || found->size() > kMostLabels) {
    return bad_field("labels",
                     fmt::format("has {} entries, not 1 to {}", found->size(), kMostLabels));
  }
  std::vector<std::string> labels;
  std::set<std::string> seen;
  for (const json& item : *found) {
    if (!item.is_string()) return bad_field("labels", "holds something that is not text");
    auto label = item.get<std::string>();
    BC_CHECK(check_text("labels", label));
    if (!seen.insert(label).second) return bad_field("labels", "names '" + label + "' twice");
    labels.push_back(std::move(label));
  }
  return labels;
}

Result<graph::Task> task_from(const json& from) {
  BC_ASSIGN(const auto name, text_field(from, "task"));
  if (name == "classify") return graph::Task::classify;
  if (name == "locate") return graph::Task::locate;
  return bad_field("task", "is '" + name + "', neither classify nor locate");
}

bool fits(std::size_t golden_logits, const Description& description) {
  const std::size_t outputs = output_values(description);
  return description.task == graph::Task::classify ? golden_logits == outputs
                                                   : golden_logits >= 1 && golden_logits <= outputs;
}

Result<std::vector<GoldenOutput>> golden_from(const json& from, const Description& description) {
  const auto found = from.find("golden");
  if (found == from.end() || !found->is_array() || found->size() > kMostGolden) {
    return bad_field("golden", fmt::format("is not a list of at most {}", kMostGolden));
  }
  std::vector<GoldenOutput> golden;
  for (const json& item : *found) {
    if (!item.is_object() || !item.contains("seed") || !item["seed"].is_number_unsigned() ||
        !item.contains("logits") || !item["logits"].is_array()) {
      return bad_field("golden", "holds an entry without seed and logits");
    }
    GoldenOutput output{.seed = item["seed"].get<std::uint64_t>(), .logits = {}};
    for (const json& value : item["logits"]) {
      constexpr double kLargest = std::numeric_limits<float>::max();
      if (!value.is_number() || !(std::abs(value.get<double>()) <= kLargest)) {
        return bad_field("golden", "holds a logit that is not a float32 number");
      }
      output.logits.push_back(value.get<float>());
    }
    if (!fits(output.logits.size(), description)) {
      return bad_field("golden", fmt::format("has {} logits for {} labels", output.logits.size(),
                                             description.labels.size()));
    }
    golden.push_back(std::move(output));
  }
  return golden;
}

// The oldest format that holds all that the description says.
int version_of(const Description& description) {
  if (description.second) return kSecondVersion;
  return description.trust ? kTrustVersion : 1;
}

Result<std::optional<SecondReading>> second_from(const json& from) {
  const auto found = from.find("second");
  if (found == from.end()) return std::nullopt;
  if (!found->is_object()) return bad_field("second", "is not a JSON object");
  SecondReading second;
  BC_ASSIGN(second.sha256, text_field(*found, "sha256"));
  if (!found->contains("preprocessing")) return bad_field("second.preprocessing", "is missing");
  BC_ASSIGN(second.preprocessing, image::preprocessing_from_json((*found)["preprocessing"]));
  BC_ASSIGN(second.below, number_field(*found, "below", 0, 1));
  BC_ASSIGN(second.weight, number_field(*found, "weight", 0, 1));
  return second;
}

}  // namespace

std::size_t output_values(const Description& description) {
  const std::size_t labels = description.labels.size();
  if (description.task == graph::Task::classify) return labels;
  const auto& p = description.preprocessing;
  return (labels + 4) * static_cast<std::size_t>(p.height_px / graph::kLocatorStride) *
         static_cast<std::size_t>(p.width_px / graph::kLocatorStride);
}

std::vector<float> golden_input(std::uint64_t seed, const image::Preprocessing& preprocessing) {
  Random random(seed, stream_of("golden"), 0);
  std::vector<float> input(preprocessing.input_values());
  for (float& value : input) value = static_cast<float>(random.uniform(-1.0, 1.0));
  return input;
}

json to_json(const Description& description) {
  json golden = json::array();
  for (const auto& output : description.golden) {
    golden.push_back({{"seed", output.seed}, {"logits", output.logits}});
  }
  json document{
      {"format_version", version_of(description)},
      {"name", description.name},
      {"architecture", description.architecture},
      {"task", description.task == graph::Task::classify ? "classify" : "locate"},
      {"labels", description.labels},
      {"preprocessing", image::to_json(description.preprocessing)},
      {"temperature", description.temperature},
      {"min_confidence", description.min_confidence},
      {"graph_sha256", description.graph_sha256},
      {"golden", golden},
      {"golden_tolerance", description.golden_tolerance},
      {"provenance", description.provenance.is_null() ? json::object() : description.provenance}};
  if (!description.locator_sha256.empty()) {
    document["locator_sha256"] = description.locator_sha256;
  }
  if (!description.precisions.empty()) document["precisions"] = to_json(description.precisions);
  if (document["format_version"] >= kTrustVersion) {
    document["trust"] = description.trust ? to_json(*description.trust) : json();
  }
  if (description.second) {
    document["second"] = {{"sha256", description.second->sha256},
                          {"preprocessing", image::to_json(description.second->preprocessing)},
                          {"below", description.second->below},
                          {"weight", description.second->weight}};
  }
  return document;
}

Result<Description> description_from_json(const json& from) {
  if (!from.is_object()) return bad_field("bloodcell", "is not a JSON object");
  Description d;
  BC_ASSIGN(d.format_version, version_from(from));
  BC_ASSIGN(d.name, text_field(from, "name"));
  BC_ASSIGN(d.architecture, text_field(from, "architecture"));
  BC_ASSIGN(d.task, task_from(from));
  BC_ASSIGN(d.labels, labels_from(from));
  if (!from.contains("preprocessing")) return bad_field("preprocessing", "is missing");
  BC_ASSIGN(d.preprocessing, image::preprocessing_from_json(from["preprocessing"]));
  BC_ASSIGN(d.temperature, number_field(from, "temperature", 1e-3, 1e3));
  BC_ASSIGN(d.min_confidence, number_field(from, "min_confidence", 0, 1));
  BC_ASSIGN(d.graph_sha256, text_field(from, "graph_sha256"));
  if (from.contains("locator_sha256")) {
    BC_ASSIGN(d.locator_sha256, text_field(from, "locator_sha256"));
  }
  BC_ASSIGN(d.golden, golden_from(from, d));
  BC_ASSIGN(d.golden_tolerance, number_field(from, "golden_tolerance", 0, 1));
  if (!from.contains("provenance") || !from["provenance"].is_object()) {
    return bad_field("provenance", "is not a JSON object");
  }
  d.provenance = from["provenance"];
  if (from.contains("precisions")) {
    BC_ASSIGN(d.precisions, precisions_from_json(from["precisions"]));
  }
  if (d.format_version >= kTrustVersion) {
    if (!from.contains("trust")) return bad_field("trust", "is missing");
    if (!from["trust"].is_null()) {
      BC_ASSIGN(d.trust, trust_from_json(from["trust"], d.labels.size()));
    }
  }
  if (d.format_version >= kSecondVersion) {
    BC_ASSIGN(d.second, second_from(from));
  }
  return d;
}

}  // namespace bloodcell::model_file
