#include "pictures.hpp"

#include <bloodcell/serve/multipart.hpp>

namespace bloodcell::serve {

namespace {

Result<std::vector<SentPicture>> from_form(const Request& request, std::size_t max_files) {
  BC_ASSIGN(const auto parts,
            parse_multipart(request.header("content-type"), request.body, max_files));
  std::vector<SentPicture> pictures;
  for (const Part& part : parts) {
    if (part.name != "file") {
      return fail(ErrorCode::usage, fmt::format("a form field `{}`", part.name), {},
                  "send pictures as fields named `file`");
    }
    const std::string fallback = fmt::format("picture-{}", pictures.size() + 1);
    pictures.push_back({part.filename.empty() ? fallback : part.filename, part.content});
  }
  if (pictures.empty()) return fail(ErrorCode::usage, "a form without pictures");
  return pictures;
}

}  // namespace

Result<std::vector<SentPicture>> pictures_of(const Request& request, std::size_t max_files) {
  const std::string type = media_type(request.header("content-type"));
  if (type == "multipart/form-data") return from_form(request, max_files);
  if (!type.starts_with("image/") && type != "application/octet-stream") {
    return fail(ErrorCode::unsupported, fmt::format("a body of type `{}`", type), {},
                "send multipart/form-data with fields named `file`, or one picture as image/*");
  }
  if (request.body.empty()) return fail(ErrorCode::usage, "an empty body");
  const auto name = request.parameter("name");
  return std::vector<SentPicture>{{name.value_or("picture"), request.body}};
}

}  // namespace bloodcell::serve
