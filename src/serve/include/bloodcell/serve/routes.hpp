// What the server answers: each route with its place in the OpenAPI document. The document is made
// of the same table that requests are led by, so that neither can say more than the other.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <bloodcell/base/result.hpp>
#include <bloodcell/serve/http.hpp>

namespace bloodcell::serve {

// Runs on a worker; may take its time.
using Answer = std::function<Result<Response>(const Request&)>;
// Runs on the network's thread and must not wait; keeps the reply and answers later.
using Conversation = std::function<void(std::shared_ptr<const Request>, std::shared_ptr<Reply>)>;

struct Parameter {
  std::string name;
  std::string what;
  nlohmann::json schema;
  bool is_required = false;
};

struct Content {
  std::string type;       // media type
  nlohmann::json schema;  // of JSON; {} for bytes
};

struct Route {
  std::string method;
  std::string pattern;  // `/api/v1/reviews/{review}`; the last part may be `{file...}`: the rest
  std::string id;       // operationId
  std::string tag{};
  std::string summary;
  std::vector<Parameter> query{};
  std::vector<Content> takes{};  // none: no body
  std::vector<Content> gives{};
  int status = 200;                     // of success
  std::uint64_t max_body_bytes = 4096;  // of this route
  bool is_open = false;                 // answers without a token
  bool is_documented = true;
  Answer answer{};
  Conversation talk{};  // instead of answer
};

struct Found {
  const Route* route = nullptr;  // null: `allowed` says which methods the path has, none: no path
  std::map<std::string, std::string, std::less<>> captured{};
  std::vector<std::string> allowed{};
};

class Router {
 public:
  void add(Route route);
  // The path as it was sent; its parts are decoded one by one. HEAD finds GET. A part written out
  // wins over a captured one. O(routes).
  [[nodiscard]] Found find(std::string_view method, std::string_view path) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

// OpenAPI 3.0.3 of the documented routes. `schemas` are named by `#/components/schemas/NAME`.
[[nodiscard]] nlohmann::ordered_json openapi(const Router& router, const nlohmann::json& schemas);

}  // namespace bloodcell::serve
