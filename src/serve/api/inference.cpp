// The Open Inference Protocol, version 2, as KServe and Triton speak it: tensors in, tensors out.
// One version of each model, `1`; the active one is ready.
#include <cmath>

#include <bloodcell/base/version.hpp>
#include <bloodcell/metrics/predictions.hpp>

#include "groups.hpp"

namespace bloodcell::serve {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::int64_t kMostPictures = 64;
constexpr std::uint64_t kMostBytes = 64ULL << 20;

ordered_json tensor(std::string_view name, const std::vector<std::int64_t>& shape) {
  return {{"name", name}, {"datatype", "FP32"}, {"shape", shape}};
}

ordered_json metadata_of(const ShelvedModel& model) {
  const auto& input = model.description.preprocessing;
  const auto labels = static_cast<std::int64_t>(model.description.labels.size());
  return {{"name", model.name},
          {"versions", {"1"}},
          {"platform", "onnx_openvino"},
          {"inputs", {tensor("image", {-1, 3, input.height_px, input.width_px})}},
          {"outputs", {tensor("logits", {-1, labels}), tensor("probabilities", {-1, labels})}},
          {"parameters", {{"labels", model.description.labels}}}};
}

// Nested lists or one flat one, row by row.
Result<void> flatten(const json& data, std::vector<float>& values, std::size_t most) {
  if (!data.is_array()) return fail(ErrorCode::malformed, "`data` must be a list of numbers");
  for (const json& item : data) {
    if (item.is_array()) {
      BC_CHECK(flatten(item, values, most));
      continue;
    }
    if (!item.is_number() || values.size() == most) {
      return fail(ErrorCode::malformed,
                  fmt::format("`data` must be {} numbers, as `shape` says", most));
    }
    const auto value = item.get<float>();
    if (!std::isfinite(value)) return fail(ErrorCode::malformed, "`data` holds a number too large");
    values.push_back(value);
  }
  return {};
}

struct Tensor {
  int pictures = 0;
  std::vector<float> values;
};

Result<Tensor> input_of(const json& body, const image::Preprocessing& wanted) {
  const auto inputs = body.find("inputs");
  if (inputs == body.end() || !inputs->is_array() || inputs->size() != 1 ||
      !inputs->front().is_object()) {
    return fail(ErrorCode::malformed, "`inputs` must be a list of one tensor, `image`");
  }
  const json& input = inputs->front();
  if (input.value("datatype", json()) != "FP32" || input.value("name", json()) != "image") {
    return fail(ErrorCode::malformed, "the input must be called `image` and be FP32");
  }
  const json shape = input.value("shape", json());
  const bool is_list = shape.is_array() && shape.size() == 4;
  const bool fits = is_list && shape[0].is_number_integer() && shape[1] == 3 &&
                    shape[2] == wanted.height_px && shape[3] == wanted.width_px;
  const std::int64_t pictures = fits ? shape[0].get<std::int64_t>() : 0;
  if (pictures < 1 || pictures > kMostPictures) {
    return fail(ErrorCode::mismatch, fmt::format("`shape` must be [1 to {}, 3, {}, {}]",
                                                 kMostPictures, wanted.height_px, wanted.width_px));
  }
  Tensor tensor{static_cast<int>(pictures), {}};
  const std::size_t size = static_cast<std::size_t>(pictures) * wanted.input_values();
  BC_CHECK(flatten(input.value("data", json()), tensor.values, size));
  if (tensor.values.size() != size) {
    return fail(ErrorCode::malformed,
                fmt::format("`data` has {} numbers, `shape` says {}", tensor.values.size(), size));
  }
  return tensor;
}

ordered_json output(std::string_view name, int pictures, std::size_t labels,
                    const std::vector<double>& data) {
  auto made = tensor(name, {pictures, static_cast<std::int64_t>(labels)});
  made["data"] = data;
  return made;
}

// Which outputs are asked for, in which order; without `outputs` all.
Result<std::vector<std::string>> outputs_of(const json& body) {
  const auto found = body.find("outputs");
  if (found == body.end()) return std::vector<std::string>{"logits", "probabilities"};
  std::vector<std::string> names;
  const bool is_list = found->is_array() && !found->empty() && found->size() <= 2;
  for (const json& one : is_list ? *found : json::array()) {
    const json name = one.is_object() ? one.value("name", json()) : json();
    if (name == "logits" || name == "probabilities") names.push_back(name.get<std::string>());
  }
  if (names.empty() || names.size() != found->size()) {
    return fail(ErrorCode::malformed,
                "`outputs` must be a list of `logits`, `probabilities`, or both");
  }
  return names;
}

Result<std::shared_ptr<const ActiveModel>> ready_model(const Services& services,
                                                       const std::string& name) {
  auto active = services.models.active();
  if (active->name == name) return active;
  return fail(ErrorCode::not_found, fmt::format("the model `{}` is not ready", name), {},
              fmt::format("ask `{}`, or make it the active one", active->name));
}

Result<Response> infer(const Services& services, const Request& request) {
  const std::string& name = request.captured.at("model");
  BC_ASSIGN(const auto model, ready_model(services, name));
  if (!request.header("inference-header-content-length").empty()) {
    return fail(ErrorCode::unsupported, "a tensor as bytes behind the JSON", {},
                "send its numbers as JSON: in Triton's client, binary_data=False");
  }
  BC_ASSIGN(const auto body, json_body(request, true));  // Triton's client names no type
  BC_ASSIGN(const auto wanted, outputs_of(body));
  const auto& description = model->predictor.description();
  BC_ASSIGN(const Tensor input, input_of(body, description.preprocessing));
  BC_ASSIGN(const auto logits, model->predictor.session().run(input.values, input.pictures));
  const std::size_t labels = description.labels.size();
  std::vector<double> probabilities;
  for (std::size_t at = 0; at < logits.size(); at += labels) {
    const auto one = metrics::probabilities_of(std::span(logits).subspan(at, labels),
                                               model->predictor.judge().scaling());
    probabilities.insert(probabilities.end(), one.begin(), one.end());
  }
  auto outputs = ordered_json::array();
  for (const std::string& one : wanted) {
    outputs.push_back(one == "logits"
                          ? output(one, input.pictures, labels, {logits.begin(), logits.end()})
                          : output(one, input.pictures, labels, probabilities));
  }
  ordered_json answer{
      {"model_name", name}, {"model_version", "1"}, {"outputs", std::move(outputs)}};
  if (body.contains("id") && body["id"].is_string()) answer["id"] = body["id"];
  return json_response(answer);
}

Result<Response> describe(const Services& services, const Request& request) {
  const std::string& name = request.captured.at("model");
  const ShelvedModel* model = services.models.find(name);
  if (model == nullptr) {
    return fail(ErrorCode::not_found, fmt::format("no model is called `{}`", name));
  }
  return json_response(metadata_of(*model));
}

void add_of_model(Router& router, const Services& services, const std::string& base,
                  const std::string& suffix) {
  router.add(
      {.method = "GET",
       .pattern = base,
       .id = "describeModel" + suffix,
       .tag = "open inference",
       .summary = "Inputs and outputs of a model",
       .gives = {{"application/json", {{"type", "object"}}}},
       .answer = [&services](const Request& request) { return describe(services, request); }});
  router.add({.method = "GET",
              .pattern = base + "/ready",
              .id = "isModelReady" + suffix,
              .tag = "open inference",
              .summary = "Whether a model answers",
              .gives = {{"application/json", {{"type", "object"}}}},
              .answer = [&services](const Request& request) -> Result<Response> {
                const std::string& name = request.captured.at("model");
                BC_CHECK(ready_model(services, name));
                return json_response({{"name", name}, {"ready", true}});
              }});
  router.add({.method = "POST",
              .pattern = base + "/infer",
              .id = "infer" + suffix,
              .tag = "open inference",
              .summary = "Preprocessed pictures as a tensor → logits and probabilities",
              .takes = {{"application/json", schema_of("InferRequest")}},
              .gives = {{"application/json", {{"type", "object"}}}},
              .max_body_bytes = std::min(kMostBytes, services.options.max_body_bytes),
              .answer = [&services](const Request& request) { return infer(services, request); }});
}

}  // namespace

void add_inference_routes(Router& router, const Services& services) {
  const std::vector<Content> json_object{{"application/json", {{"type", "object"}}}};
  router.add({.method = "GET",
              .pattern = "/v2",
              .id = "describeServer",
              .tag = "open inference",
              .summary = "Name and version of the server",
              .gives = json_object,
              .is_open = true,
              .talk = [](auto, auto reply) {
                reply->send(json_response({{"name", "bloodcell"},
                                           {"version", version()},
                                           {"extensions", ordered_json::array()}}));
              }});
  const auto state = [&](std::string_view what, std::string id) {
    router.add({.method = "GET",
                .pattern = fmt::format("/v2/health/{}", what),
                .id = std::move(id),
                .tag = "open inference",
                .summary = fmt::format("Whether the server is {}", what),
                .gives = json_object,
                .is_open = true,
                .talk = [&services, name = std::string(what)](auto, auto reply) {
                  const bool holds = name == "live" || !services.is_stopping();
                  reply->send(json_response({{name, holds}}, holds ? 200 : 503));
                }});
  };
  state("live", "isServerLive");
  state("ready", "isServerReady");
  add_of_model(router, services, "/v2/models/{model}", "");
  add_of_model(router, services, "/v2/models/{model}/versions/1", "Version");
}

}  // namespace bloodcell::serve
