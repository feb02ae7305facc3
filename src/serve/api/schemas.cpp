#include "groups.hpp"

namespace bloodcell::serve {

namespace {

using nlohmann::json;

json text() { return {{"type", "string"}}; }
json number() { return {{"type", "number"}}; }
json whole() { return {{"type", "integer"}}; }
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
                 {"set", list(text())}},
                {"file", "cell", "status", "message"});
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
  const json input = object({{"name", text()},
                             {"datatype", text()},
                             {"shape", list(whole())},
                             {"data", list(json::object())}},
                            {"name", "datatype", "shape", "data"});
  return object({{"id", text()}, {"inputs", list(input)}}, {"inputs"});
}

}  // namespace

json schema_of(std::string_view name) {
  return {{"$ref", "#/components/schemas/" + std::string(name)}};
}

json schemas() {
  return {{"Problem", object({{"type", text()},
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
          {"Model", model(true)},
          {"Models",
           object({{"active", text()}, {"models", list(model(false))}}, {"active", "models"})},
          {"InferRequest", infer_request()}};
}

}  // namespace bloodcell::serve
