// /api/v1/models: the model files at hand, and which of them answers.
#include "groups.hpp"
#include "text_schema.hpp"

namespace bloodcell::serve {

namespace {

using nlohmann::ordered_json;

constexpr std::size_t kLongestName = 255;

ordered_json summary_of(const ShelvedModel& model, std::string_view active) {
  return {{"name", model.name},
          {"title", model.description.name},
          {"architecture", model.description.architecture},
          {"labels", model.description.labels},
          {"bytes", model.bytes},
          {"is_active", model.name == active}};
}

ordered_json card_of(const ShelvedModel& model, std::string_view active) {
  auto card = summary_of(model, active);
  auto description = model_file::to_json(model.description);
  description.erase("golden");
  card["description"] = std::move(description);
  return card;
}

Result<Response> activate(const Services& services, const Request& request) {
  BC_ASSIGN(const auto body, json_body(request));
  BC_ASSIGN(const std::string name, text_field(body, "name", kLongestName));
  BC_CHECK(services.models.activate(name));
  services.context.log.info("model active={}", name);
  return json_response(card_of(*services.models.find(name), name));
}

}  // namespace

void add_model_routes(Router& router, const Services& services) {
  router.add({.method = "GET",
              .pattern = "/api/v1/models",
              .id = "listModels",
              .tag = "models",
              .summary = "The model files at hand",
              .gives = {{"application/json", schema_of("Models")}},
              .answer = [&services](const Request&) -> Result<Response> {
                const std::string active = services.models.active()->name;
                auto list = ordered_json::array();
                for (const auto& model : services.models.models()) {
                  list.push_back(summary_of(model, active));
                }
                return json_response({{"active", active}, {"models", list}});
              }});
  router.add({.method = "GET",
              .pattern = "/api/v1/models/{model}",
              .id = "getModel",
              .tag = "models",
              .summary = "All that a model file says of itself",
              .gives = {{"application/json", schema_of("Model")}},
              .answer = [&services](const Request& request) -> Result<Response> {
                const auto& name = request.captured.at("model");
                const ShelvedModel* model = services.models.find(name);
                if (model == nullptr) {
                  return fail(ErrorCode::not_found, fmt::format("no model is called `{}`", name));
                }
                return json_response(card_of(*model, services.models.active()->name));
              }});
  router.add(
      {.method = "PUT",
       .pattern = "/api/v1/active-model",
       .id = "chooseModel",
       .tag = "models",
       .summary = "Let another model answer from now on, once its golden outputs are proved",
       .takes = {{"application/json",
                  {{"type", "object"},
                   {"required", {"name"}},
                   {"properties", {{"name", text_schema(kLongestName)}}}}}},
       .gives = {{"application/json", schema_of("Model")}},
       .answer = [&services](const Request& request) { return activate(services, request); }});
}

}  // namespace bloodcell::serve
