#include "groups.hpp"

namespace bloodcell::serve {

namespace {

using nlohmann::json;

json text() { return {{"type", "string"}}; }
json number() { return {{"type", "number"}}; }
json whole() { return {{"type", "integer"}}; }
json described(json schema, const char* words) {
  schema["description"] = words;
  return schema;
}
json list(json items) { return {{"type", "array"}, {"items", std::move(items)}}; }
json object(json properties, json required = json::array()) {
  json made{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) made["required"] = std::move(required);
  return made;
}

json row() {
  const json status{{"type", "string"}, {"enum", {"ok", "unidentified", "no_cell", "error"}}};
  return object({{"file", text()},
                 {"cell", whole()},
                 {"box", schema_of("Box")},
                 {"status", status},
                 {"message", text()},
                 {"class", text()},
                 {"confidence", number()},
                 {"probabilities", {{"type", "object"}, {"additionalProperties", number()}}},
                 {"set", list(text())},
                 {"unfamiliarity", described(number(),
                                             "distance from known cells in parts of the "
                                             "model's threshold; above 1: unfamiliar")},
                 {"other_thing", described(number(),
                                           "how likely, at even odds, the picture shows "
                                           "anything but a blood cell; 0 to 1")},
                 {"read_twice", described({{"type", "boolean"}},
                                          "true where the second network read it, too; else "
                                          "left out")}},
                {"file", "cell", "status", "message"});
}

json explained() {
  const json map = object(
      {{"class", text()}, {"width", whole()}, {"height", whole()}, {"values", list(number())}},
      {"class", "width", "height", "values"});
  const json known = object({{"label", text()},
                             {"file", text()},
                             {"source", text()},
                             {"distance", number()},
                             {"thumbnail", {{"type", "string"}, {"format", "byte"}}}},
                            {"label", "distance", "thumbnail"});
  return object({{"file", text()},
                 {"cell", whole()},
                 {"x", whole()},
                 {"y", whole()},
                 {"width", whole()},
                 {"height", whole()},
                 {"status", text()},
                 {"message", text()},
                 {"class", text()},
                 {"confidence", number()},
                 {"second", text()},
                 {"second_confidence", number()},
                 {"probabilities", {{"type", "object"}, {"additionalProperties", number()}}},
                 {"method", text()},
                 {"meaning", text()},
                 {"maps", list(map)},
                 {"seen", {{"type", "string"}, {"format", "byte"}}},
                 {"neighbours", list(known)},
                 {"usual_distance", number()},
                 {"neighbours_licence", text()}},
                {"file", "cell", "class", "method", "maps", "seen"});
}

json model(bool with_card) {
  json made = object({{"name", text()},
                      {"title", text()},
                      {"architecture", text()},
                      {"labels", list(text())},
                      {"bytes", whole()},
                      {"is_active", {{"type", "boolean"}}}},
                     {"name", "labels", "is_active"});
  if (with_card) made["properties"]["description"] = {{"type", "object"}};
  return made;
}

json infer_request() {
  const json input = object({{"name", {{"type", "string"}, {"enum", {"image"}}}},
                             {"datatype", {{"type", "string"}, {"enum", {"FP32"}}}},
                             {"shape", list(whole())},
                             {"data", list(json::object())}},
                            {"name", "datatype", "shape", "data"});
  json inputs = list(input);
  inputs["minItems"] = 1;
  inputs["maxItems"] = 1;
  json outputs = list(
      object({{"name", {{"type", "string"}, {"enum", {"logits", "probabilities"}}}}}, {"name"}));
  outputs["minItems"] = 1;
  outputs["maxItems"] = 2;
  return object({{"id", text()}, {"inputs", inputs}, {"outputs", outputs}}, {"inputs"});
}

json differential() {
  const json share = object({{"label", text()},
                             {"count", whole()},
                             {"share", number()},
                             {"interval_95", list(number())},
                             {"range_percent", list(number())},
                             {"placed", text()}},
                            {"label", "count", "share", "interval_95"});
  return object({{"white_cells", whole()},
                 {"unidentified", whole()},
                 {"pictures", whole()},
                 {"classes", list(share)},
                 {"others", list(json{{"type", "object"}})},
                 {"ranges_source", text()},
                 {"warnings", list(text())}},
                {"white_cells", "unidentified", "classes", "others", "warnings"});
}

json before_and_after() {
  return object({{"before", schema_of("Differential")}, {"after", schema_of("Differential")}},
                {"before", "after"});
}

json review_case() {
  return object({{"case", text()},
                 {"name", text()},
                 {"created", text()},
                 {"labels", list(text())},
                 {"revision", whole()},
                 {"is_signed", {{"type", "boolean"}}},
                 {"signed_by", text()},
                 {"signed_at", text()},
                 {"pictures", whole()},
                 {"cells", whole()},
                 {"unidentified", whole()}},
                {"case", "name", "labels", "revision", "is_signed"});
}

json case_cell() {
  return object({{"cell", whole()},
                 {"picture", whole()},
                 {"number", whole()},
                 {"box", schema_of("Box")},
                 {"said", text()},
                 {"class", text()},
                 {"guess", text()},
                 {"confidence", number()},
                 {"message", text()},
                 {"probabilities", {{"type", "object"}, {"additionalProperties", number()}}}},
                {"cell", "picture", "box", "said", "class"});
}

json case_picture() {
  return object({{"picture", whole()},
                 {"name", text()},
                 {"sha256", text()},
                 {"type", text()},
                 {"bytes", whole()},
                 {"model", text()},
                 {"is_kept", {{"type", "boolean"}}}},
                {"picture", "name", "is_kept"});
}

}  // namespace

json schema_of(std::string_view name) {
  return {{"$ref", "#/components/schemas/" + std::string(name)}};
}

json schemas() {
  return {
      {"Problem", object({{"type", text()},
                          {"title", text()},
                          {"status", whole()},
                          {"detail", text()},
                          {"code", text()},
                          {"remedy", text()},
                          {"request", text()},
                          {"error", text()}},
                         {"title", "status", "detail", "code"})},
      {"Status", object({{"status", text()}}, {"status"})},
      {"Samples", object({{"samples", list(text())}}, {"samples"})},
      {"Box", object({{"x", whole()}, {"y", whole()}, {"width", whole()}, {"height", whole()}},
                     {"x", "y", "width", "height"})},
      {"Row", row()},
      {"Predictions", object({{"labels", list(text())},
                              {"rows", list(schema_of("Row"))},
                              {"totals", {{"type", "object"}}}},
                             {"labels", "rows", "totals"})},
      {"Explanations", object({{"model", text()},
                               {"method", text()},
                               {"meaning", text()},
                               {"cells", list(explained())}},
                              {"model", "method", "meaning", "cells"})},
      {"Model", model(true)},
      {"Models",
       object({{"active", text()}, {"models", list(model(false))}}, {"active", "models"})},
      {"InferRequest", infer_request()},
      {"About", object({{"version", text()},
                        {"keeps_reviews", {{"type", "boolean"}}},
                        {"ranges_source", text()}},
                       {"version", "keeps_reviews"})},
      {"Runs", object({{"runs", list(json{{"type", "object"}})}}, {"runs"})},
      {"Evaluations", object({{"evaluations", list(json{{"type", "object"}})}}, {"evaluations"})},
      {"Audit", object({{"method", text()},
                        {"families_known", {{"type", "boolean"}}},
                        {"images", whole()},
                        {"leaking_images", whole()},
                        {"leaks", list(json{{"type", "object"}})},
                        {"leaks_found", whole()},
                        {"doubles", list(json{{"type", "object"}})},
                        {"doubles_found", whole()},
                        {"conflicts", list(json{{"type", "object"}})},
                        {"conflicts_found", whole()}},
                       {"method", "images", "leaking_images", "leaks", "doubles", "conflicts"})},
      {"Studies", object({{"studies", list(json{{"type", "object"}})}}, {"studies"})},
      {"Datasets", object({{"datasets", list(json{{"type", "object"}})}}, {"datasets"})},
      {"Differential", differential()},
      {"Case", review_case()},
      {"Cases", object({{"cases", list(schema_of("Case"))}}, {"cases"})},
      {"CaseCell", case_cell()},
      {"CasePicture", case_picture()},
      {"CaseState", object({{"case", schema_of("Case")},
                            {"cell", schema_of("CaseCell")},
                            {"files", list(json::object())},
                            {"differential", before_and_after()}},
                           {"case", "differential"})},
      {"WholeCase", object({{"case", schema_of("Case")},
                            {"pictures", list(schema_of("CasePicture"))},
                            {"cells", list(schema_of("CaseCell"))},
                            {"differential", before_and_after()}},
                           {"case", "pictures", "cells", "differential"})},
      {"Trail", object({{"entries", list(json::object())},
                        {"is_whole", {{"type", "boolean"}}},
                        {"fault", text()},
                        {"head", text()},
                        {"all_checked_at", text()}},
                       {"entries", "is_whole", "fault", "head"})}};
}

}  // namespace bloodcell::serve
