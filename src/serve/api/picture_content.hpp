// How the OpenAPI document describes a body that pictures_of() takes.
#pragma once

#include <vector>

#include <bloodcell/serve/routes.hpp>

namespace bloodcell::serve {

[[nodiscard]] inline nlohmann::json bytes_schema() {
  return {{"type", "string"}, {"format", "binary"}};
}

// One picture as the body, of a type that we read.
[[nodiscard]] inline std::vector<Content> picture_content() {
  std::vector<Content> content{{"application/octet-stream", bytes_schema()}};
  for (const char* type : {"image/jpeg", "image/png", "image/tiff", "image/bmp", "image/webp"}) {
    content.push_back({type, bytes_schema()});
  }
  return content;
}

// That, or a form with `file`: one, or several.
[[nodiscard]] inline std::vector<Content> form_or_picture(bool is_several) {
  const nlohmann::json several{{"type", "array"}, {"minItems", 1}, {"items", bytes_schema()}};
  const nlohmann::json form{{"type", "object"},
                            {"required", {"file"}},
                            {"additionalProperties", false},
                            {"properties", {{"file", is_several ? several : bytes_schema()}}}};
  auto content = picture_content();
  content.insert(content.begin(), {"multipart/form-data", form});
  return content;
}

}  // namespace bloodcell::serve
