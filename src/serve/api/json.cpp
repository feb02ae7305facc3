#include <algorithm>

#include <bloodcell/base/characters.hpp>
#include <bloodcell/graph/strict_json.hpp>

#include <text.hpp>
#include "groups.hpp"

namespace bloodcell::serve {

Response json_response(const nlohmann::ordered_json& document, int status) {
  Response response;
  response.status = status;
  response.body = document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return response;
}

Result<nlohmann::json> json_body(const Request& request, bool may_be_untyped) {
  constexpr int kDeepest = 32;
  const std::string type = media_type(request.header("content-type"));
  if (type != "application/json" && !(type.empty() && may_be_untyped)) {
    return fail(ErrorCode::unsupported, fmt::format("a body of type `{}`", type), {},
                "send application/json");
  }
  BC_ASSIGN(auto value, graph::parse_strict_json(request.body, kDeepest));
  if (!value.is_object()) return fail(ErrorCode::malformed, "the body must be a JSON object");
  return value;
}

Result<std::string> text_field(const nlohmann::json& object, std::string_view name,
                               std::size_t longest) {
  const auto found = object.find(std::string(name));
  if (found == object.end() || !found->is_string()) {
    return fail(ErrorCode::malformed, fmt::format("`{}` must be a text", name));
  }
  auto text = found->get<std::string>();
  const bool has_control = std::any_of(text.begin(), text.end(), is_control);
  if (text.empty() || characters_of(text) > longest || has_control) {
    return fail(
        ErrorCode::malformed,
        fmt::format("`{}` must be 1 to {} characters without control characters", name, longest));
  }
  return text;
}

}  // namespace bloodcell::serve
