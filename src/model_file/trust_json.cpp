#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include <bloodcell/base/base64.hpp>
#include <bloodcell/model_file/trust.hpp>

#include "fields.hpp"

namespace bloodcell::model_file {

using nlohmann::json;

namespace {

static_assert(std::endian::native == std::endian::little, "the file's floats are little-endian");

constexpr std::size_t kMostSets = 16;
constexpr std::size_t kMostRanges = 64;
constexpr double kMostValues = 4096;  // of an embedding
constexpr double kLargest = 1e9;
constexpr std::array<std::string_view, 3> kScores{"lac", "aps", "raps"};

std::string packed(const std::vector<float>& values) {
  return base64(std::as_bytes(std::span(values)));
}

Result<std::vector<float>> floats(const json& from, const char* field, std::size_t count) {
  const auto found = from.find(field);
  if (found == from.end() || !found->is_string()) return bad_field(field, "is not base64 text");
  const auto bytes = from_base64(found->get_ref<const std::string&>());
  if (!bytes) return bad_field(field, "is not base64");
  if (bytes->size() != count * sizeof(float)) {
    return bad_field(field,
                     fmt::format("holds {} bytes, not {} numbers of 4", bytes->size(), count));
  }
  std::vector<float> values(count);
  std::memcpy(values.data(), bytes->data(), bytes->size());
  const bool finite =
      std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  if (!finite) return bad_field(field, "holds a value that is not a number");
  return values;
}

Result<std::vector<double>> numbers(const json& from, const char* field, std::size_t count) {
  const auto found = from.find(field);
  if (found == from.end() || !found->is_array() || found->size() != count) {
    return bad_field(field, fmt::format("is not a list of {} numbers", count));
  }
  std::vector<double> values;
  for (const json& value : *found) {
    if (!value.is_number() || !(std::abs(value.get<double>()) <= kLargest)) {
      return bad_field(field, "holds something that is not a number");
    }
    values.push_back(value.get<double>());
  }
  return values;
}

Result<Calibration> calibration_from(const json& from, std::size_t labels) {
  Calibration calibration;
  BC_ASSIGN(calibration.matrix, numbers(from, "matrix", labels * labels));
  BC_ASSIGN(calibration.bias, numbers(from, "bias", labels));
  return calibration;
}

Result<ClassSet> set_from(const json& from) {
  if (!from.is_object()) return bad_field("sets", "holds something that is no object");
  ClassSet set;
  BC_ASSIGN(set.score, text_field(from, "score"));
  if (std::find(kScores.begin(), kScores.end(), set.score) == kScores.end()) {
    return bad_field("score", "is '" + set.score + "', neither lac, aps nor raps");
  }
  BC_ASSIGN(set.coverage, number_field(from, "coverage", 1e-6, 1 - 1e-6));
  BC_ASSIGN(set.threshold, number_field(from, "threshold", 0, kLargest));
  BC_ASSIGN(set.penalty, number_field(from, "penalty", 0, kLargest));
  BC_ASSIGN(const auto places, count_field(from, "free_places", 1000));
  set.free_places = static_cast<int>(places);
  BC_ASSIGN(set.units, count_field(from, "families", kLargest));
  return set;
}

Result<Familiarity> familiarity_from(const json& from, std::size_t labels) {
  Familiarity familiarity;
  BC_ASSIGN(familiarity.values, count_field(from, "values", kMostValues));
  if (familiarity.values == 0) return bad_field("values", "is 0");
  BC_ASSIGN(familiarity.means, floats(from, "means", labels * familiarity.values));
  BC_ASSIGN(familiarity.whitening,
            floats(from, "whitening", familiarity.values * (familiarity.values + 1) / 2));
  BC_ASSIGN(familiarity.threshold, number_field(from, "threshold", 1e-9, kLargest));
  return familiarity;
}

Result<OtherThings> other_things_from(const json& from) {
  OtherThings others;
  BC_ASSIGN(const auto values, count_field(from, "values", kMostValues));
  if (values == 0) return bad_field("values", "is 0");
  BC_ASSIGN(others.weights, floats(from, "weights", values));
  BC_ASSIGN(others.bias, number_field(from, "bias", -kLargest, kLargest));
  BC_ASSIGN(others.threshold, number_field(from, "threshold", -kLargest, kLargest));
  return others;
}

Result<MeasureRange> range_from(const json& from) {
  if (!from.is_object()) return bad_field("ranges", "holds something that is no object");
  MeasureRange range;
  BC_ASSIGN(range.measure, text_field(from, "measure"));
  BC_ASSIGN(range.low, number_field(from, "low", -kLargest, kLargest));
  BC_ASSIGN(range.high, number_field(from, "high", range.low, kLargest));
  return range;
}

Result<const json*> list_field(const json& from, const char* field, std::size_t most) {
  const auto found = from.find(field);
  if (found == from.end() || !found->is_array() || found->size() > most) {
    return bad_field(field, fmt::format("is not a list of at most {}", most));
  }
  return &*found;
}

// The field as an object, nothing for null.
Result<const json*> object_field(const json& from, const char* field) {
  const auto found = from.find(field);
  if (found == from.end() || !(found->is_null() || found->is_object())) {
    return bad_field(field, "is neither an object nor null");
  }
  return found->is_null() ? nullptr : &*found;
}

}  // namespace

json to_json(const Trust& trust) {
  json document{{"calibration", nullptr},
                {"sets", json::array()},
                {"familiarity", nullptr},
                {"ranges", json::array()}};
  if (trust.calibration) {
    document["calibration"] = {{"matrix", trust.calibration->matrix},
                               {"bias", trust.calibration->bias}};
  }
  for (const auto& set : trust.sets) {
    document["sets"].push_back({{"score", set.score},
                                {"coverage", set.coverage},
                                {"threshold", set.threshold},
                                {"penalty", set.penalty},
                                {"free_places", static_cast<unsigned>(set.free_places)},
                                {"families", set.units}});
  }
  if (trust.familiarity) {
    document["familiarity"] = {{"values", trust.familiarity->values},
                               {"means", packed(trust.familiarity->means)},
                               {"whitening", packed(trust.familiarity->whitening)},
                               {"threshold", trust.familiarity->threshold}};
  }
  if (trust.other_things) {
    document["other_things"] = {{"values", trust.other_things->weights.size()},
                                {"weights", packed(trust.other_things->weights)},
                                {"bias", trust.other_things->bias},
                                {"threshold", trust.other_things->threshold}};
  }
  for (const auto& range : trust.ranges) {
    document["ranges"].push_back(
        {{"measure", range.measure}, {"low", range.low}, {"high", range.high}});
  }
  return document;
}

Result<Trust> trust_from_json(const json& from, std::size_t labels) {
  if (!from.is_object()) return bad_field("trust", "is not an object");
  Trust trust;
  BC_ASSIGN(const json* calibration, object_field(from, "calibration"));
  if (calibration != nullptr) {
    BC_ASSIGN(trust.calibration, calibration_from(*calibration, labels));
  }
  BC_ASSIGN(const json* sets, list_field(from, "sets", kMostSets));
  for (const json& item : *sets) {
    BC_ASSIGN(auto set, set_from(item));
    trust.sets.push_back(std::move(set));
  }
  BC_ASSIGN(const json* familiarity, object_field(from, "familiarity"));
  if (familiarity != nullptr) {
    BC_ASSIGN(trust.familiarity, familiarity_from(*familiarity, labels));
  }
  if (from.contains("other_things")) {  // files made before it was known have none
    BC_ASSIGN(const json* others, object_field(from, "other_things"));
    if (others != nullptr) {
      BC_ASSIGN(trust.other_things, other_things_from(*others));
    }
  }
  BC_ASSIGN(const json* ranges, list_field(from, "ranges", kMostRanges));
  for (const json& item : *ranges) {
    BC_ASSIGN(auto range, range_from(item));
    trust.ranges.push_back(std::move(range));
  }
  return trust;
}

}  // namespace bloodcell::model_file
