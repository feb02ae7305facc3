// multipart/form-data (RFC 7578) cut into its parts. A view of the body: nothing is copied.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/result.hpp>

namespace bloodcell::serve {

struct Part {
  std::string name;      // of the field
  std::string filename;  // without folders; empty when the part is no file
  std::string type;      // media type, empty when not said
  std::string_view content;
};

// `content_type` is the request's header. Errors: malformed (no boundary, no closing boundary, a
// part without a name), limit_exceeded (more than max_parts, headers of a part over 8 KiB).
[[nodiscard]] Result<std::vector<Part>> parse_multipart(std::string_view content_type,
                                                        std::string_view body,
                                                        std::size_t max_parts);

}  // namespace bloodcell::serve
