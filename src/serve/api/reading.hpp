// Routes that only read: a GET that answers from the services.
#pragma once

#include <string>
#include <utility>

#include <bloodcell/serve/api.hpp>

namespace bloodcell::serve {

// What adds such routes to the router; both outlive it, the services the router too.
[[nodiscard]] inline auto readings_of(Router& router, const Services& services) {
  using Reading = Result<Response> (*)(const Services&, const Request&);
  return [&router, &services](std::string pattern, std::string id, std::string tag,
                              std::string summary, Content gives, Reading answer) {
    router.add({.method = "GET",
                .pattern = std::move(pattern),
                .id = std::move(id),
                .tag = std::move(tag),
                .summary = std::move(summary),
                .gives = {std::move(gives)},
                .answer = [&services, answer](const Request& request) {
                  return answer(services, request);
                }});
  };
}

}  // namespace bloodcell::serve
