#include <bloodcell/serve/multipart.hpp>

#include <algorithm>

#include <bloodcell/serve/http.hpp>

#include "text.hpp"

namespace bloodcell::serve {

namespace {

constexpr std::size_t kMostHeaderBytes = 8192;
constexpr std::size_t kLongestBoundary = 70;  // RFC 2046
constexpr std::size_t kLongestName = 255;

// The last step of a path of any system; control characters and broken UTF-8 give way.
std::string bare_name(std::string_view filename) {
  const auto slash = filename.find_last_of("/\\");
  if (slash != std::string_view::npos) filename.remove_prefix(slash + 1);
  std::string name(filename.substr(0, kLongestName));
  std::replace_if(name.begin(), name.end(), is_control, '?');
  if (is_utf8(name)) return name;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) > 0x7E; }, '?');
  return name;
}

Result<Part> read_part(std::string_view headers, std::string_view content) {
  Part part;
  part.content = content;
  bool is_named = false;
  while (!headers.empty()) {
    const std::string_view line = headers.substr(0, headers.find("\r\n"));
    headers.remove_prefix(std::min(headers.size(), line.size() + 2));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
      return fail(ErrorCode::malformed, "a part of the form has a header without a colon");
    }
    const std::string name = lower(trimmed(line.substr(0, colon)));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (name == "content-disposition") {
      const auto field = value_parameter(value, "name");
      is_named = media_type(value) == "form-data" && field.has_value();
      part.name = field.value_or("");
      part.filename = bare_name(value_parameter(value, "filename").value_or(""));
    } else if (name == "content-type") {
      part.type = media_type(value);
    }
  }
  if (!is_named) return fail(ErrorCode::malformed, "a part of the form has no name");
  return part;
}

}  // namespace

Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view body,
                                          std::size_t max_parts) {
  const auto boundary = value_parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > kLongestBoundary) {
    return fail(ErrorCode::malformed, "a multipart form without a boundary of 1 to 70 characters");
  }
  const std::string opening = "--" + *boundary;
  const std::string divider = "\r\n" + opening;
  const auto cut_short = [] {
    return fail(ErrorCode::malformed, "the form ends before its closing boundary", {},
                "send it again");
  };

  std::vector<Part> parts;
  std::size_t at = body.starts_with(opening) ? opening.size() : body.find(divider);
  if (at == std::string_view::npos) return cut_short();
  if (!body.starts_with(opening)) at += divider.size();
  while (true) {
    std::string_view rest = body.substr(at);
    if (rest.starts_with("--")) return parts;
    const auto line_end = rest.find("\r\n");
    if (line_end == std::string_view::npos) return cut_short();
    if (!trimmed(rest.substr(0, line_end)).empty()) {
      return fail(ErrorCode::malformed, "a boundary of the form with text behind it");
    }
    if (parts.size() == max_parts) {
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("more than {} parts in one request", max_parts), {},
                  "send fewer at a time");
    }
    const std::size_t head_at = at + line_end + 2;
    const bool has_no_headers = body.substr(head_at).starts_with("\r\n");
    const std::size_t head_end = has_no_headers ? head_at : body.find("\r\n\r\n", head_at);
    if (head_end == std::string_view::npos) return cut_short();
    if (head_end - head_at > kMostHeaderBytes) {
      return fail(ErrorCode::limit_exceeded, "a part of the form with headers over 8 KiB");
    }
    const std::size_t content_at = head_end + (has_no_headers ? 2 : 4);
    // An empty part: its divider's line break is the one that ends its headers.
    const std::size_t content_end = body.find(divider, content_at - 2);
    if (content_end == std::string_view::npos) return cut_short();
    const std::size_t length = content_end > content_at ? content_end - content_at : 0;
    BC_ASSIGN(Part part,
              read_part(body.substr(head_at, head_end - head_at), body.substr(content_at, length)));
    parts.push_back(std::move(part));
    at = content_end + divider.size();
  }
}

}  // namespace bloodcell::serve
