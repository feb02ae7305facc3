#include <memory>

#include "groups.hpp"

namespace bloodcell::serve {

namespace {

Response state(bool is_good, std::string_view word) {
  return json_response({{"status", word}}, is_good ? 200 : 503);
}

}  // namespace

void add_health_routes(Router& router, const Services& services) {
  const std::vector<Content> status{{"application/json", schema_of("Status")}};
  router.add({.method = "GET",
              .pattern = "/health/live",
              .id = "isLive",
              .tag = "health",
              .summary = "Whether the process answers",
              .gives = status,
              .is_open = true,
              .talk = [](auto, auto reply) { reply->send(state(true, "live")); }});
  router.add({.method = "GET",
              .pattern = "/health/ready",
              .id = "isReady",
              .tag = "health",
              .summary = "Whether requests are taken; 503 when the server is stopping",
              .gives = status,
              .is_open = true,
              .talk = [&services](auto, auto reply) {
                const bool is_ready = !services.is_stopping();
                reply->send(state(is_ready, is_ready ? "ready" : "stopping"));
              }});
  services.counters.gauge(
      "bloodcell_waiting_pictures", "Pictures that wait to be classified.",
      [&batcher = services.batcher] { return static_cast<double>(batcher.waiting()); });
  router.add(
      {.method = "GET",
       .pattern = "/metrics",
       .id = "getMetrics",
       .tag = "health",
       .summary = "Counters in Prometheus' text format",
       .gives = {{"text/plain", {{"type", "string"}}}},
       .talk = [&services](auto, auto reply) {
         reply->send(
             {200, "text/plain; version=0.0.4; charset=utf-8", services.counters.text(), {}});
       }});
}

Router make_router(const Services& services) {
  Router router;
  add_health_routes(router, services);
  add_predict_routes(router, services);
  add_explain_routes(router, services);
  add_model_routes(router, services);
  add_inference_routes(router, services);
  add_count_routes(router, services);
  add_review_routes(router, services);
  add_shown_routes(router, services);
  add_judged_routes(router, services);
  add_page_routes(router);
  auto document = std::make_shared<std::string>();
  router.add({.method = "GET",
              .pattern = "/openapi.json",
              .id = "getOpenApi",
              .tag = "health",
              .summary = "This document",
              .gives = {{"application/json", {{"type", "object"}}}},
              .is_open = true,
              .talk = [document](auto, auto reply) {
                reply->send({200, "application/json", *document, {}});
              }});
  auto described = openapi(router, schemas());
  if (services.options.token.empty()) {  // nothing is asked for
    described.erase("security");
    described["components"].erase("securitySchemes");
  }
  *document = described.dump(1);
  return router;
}

}  // namespace bloodcell::serve
