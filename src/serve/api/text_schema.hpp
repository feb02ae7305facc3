// How the OpenAPI document describes what text_field() takes.
#pragma once

#include <nlohmann/json.hpp>

namespace bloodcell::serve {

// Something to be seen, no control characters; lengths in characters.
[[nodiscard]] inline nlohmann::json text_schema(std::size_t longest) {
  return {{"type", "string"},
          {"minLength", 1},
          {"maxLength", longest},
          {"pattern", "^[^\\x00-\\x1f\\x7f]*[^\\x00-\\x20\\x7f][^\\x00-\\x1f\\x7f]*$"}};
}

}  // namespace bloodcell::serve
