#include <bloodcell/serve/routes.hpp>

#include <algorithm>
#include <optional>

#include <bloodcell/base/version.hpp>

namespace bloodcell::serve {

namespace {

using Captured = std::map<std::string, std::string, std::less<>>;

// An empty text where it cannot be decoded: no part of a path is empty.
std::string decoded(std::string_view part) {
  return percent_decoded(part, false).value_or(std::string());
}

std::string_view next_part(std::string_view& path) {
  path.remove_prefix(std::min<std::size_t>(1, path.size()));
  const std::string_view part = path.substr(0, path.find('/'));
  path.remove_prefix(part.size());
  return part;
}

bool is_captured(std::string_view part) { return part.starts_with('{') && part.ends_with('}'); }

std::optional<Captured> match(std::string_view pattern, std::string_view path) {
  Captured captured;
  while (!pattern.empty()) {
    std::string_view wanted = next_part(pattern);
    if (!is_captured(wanted)) {
      if (path.empty() || decoded(next_part(path)) != wanted) return std::nullopt;
      continue;
    }
    wanted = wanted.substr(1, wanted.size() - 2);
    if (path.empty()) return std::nullopt;
    if (wanted.ends_with("...")) {
      captured.emplace(wanted.substr(0, wanted.size() - 3), decoded(path.substr(1)));
      return captured;
    }
    std::string part = decoded(next_part(path));
    if (part.empty()) return std::nullopt;
    captured.emplace(wanted, std::move(part));
  }
  return path.empty() ? std::optional(captured) : std::nullopt;
}

nlohmann::ordered_json content_of(const std::vector<Content>& contents) {
  auto content = nlohmann::ordered_json::object();
  for (const Content& one : contents) content[one.type] = {{"schema", one.schema}};
  return content;
}

// Without the dots of `{file...}`.
std::string documented_pattern(std::string pattern) {
  const auto dots = pattern.find("...}");
  return dots == std::string::npos ? pattern : pattern.erase(dots, 3);
}

// No control characters: an address that has some is refused.
constexpr const char* kPlain = "^[^\\x00-\\x1f\\x7f]*$";

nlohmann::json with_pattern(nlohmann::json schema) {
  const bool is_text = schema.value("type", "") == "string";
  if (is_text && !schema.contains("enum") && !schema.contains("pattern")) {
    schema["pattern"] = kPlain;
  }
  return schema;
}

nlohmann::ordered_json parameters_of(const Route& route) {
  auto list = nlohmann::ordered_json::array();
  std::string_view rest = route.pattern;
  while (!rest.empty()) {
    const std::string_view part = next_part(rest);
    if (!is_captured(part)) continue;
    std::string name(part.substr(1, part.size() - 2));
    name = name.substr(0, name.find("..."));
    list.push_back({{"name", name},
                    {"in", "path"},
                    {"required", true},
                    {"schema", with_pattern({{"type", "string"}, {"minLength", 1}})}});
  }
  for (const Parameter& parameter : route.query) {
    list.push_back({{"name", parameter.name},
                    {"in", "query"},
                    {"required", parameter.is_required},
                    {"description", parameter.what},
                    {"schema", with_pattern(parameter.schema)}});
  }
  return list;
}

nlohmann::ordered_json operation_of(const Route& route) {
  nlohmann::ordered_json operation{{"operationId", route.id},
                                   {"tags", {route.tag}},
                                   {"summary", route.summary},
                                   {"parameters", parameters_of(route)}};
  if (!route.takes.empty()) {
    operation["requestBody"] = {{"required", true}, {"content", content_of(route.takes)}};
  }
  nlohmann::ordered_json success{{"description", "done"}};
  if (!route.gives.empty()) success["content"] = content_of(route.gives);
  operation["responses"] = {{std::to_string(route.status), success},
                            {"default", {{"$ref", "#/components/responses/Problem"}}}};
  if (route.is_open) operation["security"] = nlohmann::json::array();
  return operation;
}

}  // namespace

void Router::add(Route route) {
  routes_.push_back(std::move(route));
  // Written-out parts sort before `{`, so that the first match is the closest one.
  std::stable_sort(routes_.begin(), routes_.end(),
                   [](const Route& a, const Route& b) { return a.pattern < b.pattern; });
}

Found Router::find(std::string_view method, std::string_view path) const {
  if (method == "HEAD") method = "GET";
  Found found;
  std::string_view matched;
  for (const Route& route : routes_) {
    if (!matched.empty() && route.pattern != matched) continue;
    auto captured = match(route.pattern, path);
    if (!captured) continue;
    matched = route.pattern;
    found.allowed.push_back(route.method);
    if (route.method == method) {
      found.route = &route;
      found.captured = std::move(*captured);
      return found;
    }
  }
  return found;
}

nlohmann::ordered_json openapi(const Router& router, const nlohmann::json& schemas) {
  using nlohmann::ordered_json;
  ordered_json document{{"openapi", "3.0.3"},
                        {"info",
                         {{"title", "BloodCell"},
                          {"version", version()},
                          {"description",
                           "White-cell classes, counts and reviews from pictures of stained blood "
                           "smears. Research use only."},
                          {"license", {{"name", "MIT"}}}}},
                        {"security", ordered_json::array({{{"token", ordered_json::array()}}})},
                        {"paths", ordered_json::object()}};
  for (const Route& route : router.routes()) {
    if (!route.is_documented) continue;
    std::string method = route.method;
    std::transform(method.begin(), method.end(), method.begin(),
                   [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    document["paths"][documented_pattern(route.pattern)][method] = operation_of(route);
  }
  document["components"] = {
      {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}},
      {"schemas", schemas},
      {"responses",
       {{"Problem",
         {{"description", "what went wrong, with the codes of the command line"},
          {"content",
           {{"application/problem+json",
             {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}}}}}};
  return document;
}

}  // namespace bloodcell::serve
