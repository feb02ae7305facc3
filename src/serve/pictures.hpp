// The pictures of a request: parts named `file` of a form, or the body itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/serve/http.hpp>

namespace bloodcell::serve {

struct SentPicture {
  std::string name;
  std::string_view bytes;  // of the request's body
};

// Errors: those of parse_multipart; usage (no picture), unsupported (a body that is no picture by
// its type), limit_exceeded.
[[nodiscard]] Result<std::vector<SentPicture>> pictures_of(const Request& request,
                                                           std::size_t max_files);

}  // namespace bloodcell::serve
