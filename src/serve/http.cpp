#include <bloodcell/serve/http.hpp>

#include <algorithm>

#include "text.hpp"

namespace bloodcell::serve {

namespace {

constexpr std::size_t kMostParameters = 64;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Result<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return fail(ErrorCode::malformed, "a broken %-escape in the address");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (is_control(c)) return fail(ErrorCode::malformed, "a control character in the address");
    decoded += c;
  }
  if (!is_utf8(decoded)) return fail(ErrorCode::malformed, "the address is not UTF-8");
  return decoded;
}

std::string_view Request::header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<std::string> Request::parameter(std::string_view name) const {
  const auto found = query.find(name);
  if (found == query.end()) return std::nullopt;
  return found->second;
}

Result<Target> parse_target(std::string_view target) {
  if (!target.starts_with('/')) return fail(ErrorCode::malformed, "an address begins with /");
  target = target.substr(0, target.find('#'));
  Target parsed;
  const auto mark = target.find('?');
  parsed.sent_path = target.substr(0, mark);
  BC_ASSIGN(parsed.path, percent_decoded(parsed.sent_path, false));
  std::string_view rest = mark == std::string_view::npos ? "" : target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.empty()) continue;
    if (parsed.query.size() == kMostParameters) {
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("more than {} parameters in the address", kMostParameters));
    }
    const auto equals = pair.find('=');
    BC_ASSIGN(std::string name, percent_decoded(pair.substr(0, equals), true));
    BC_ASSIGN(
        std::string value,
        percent_decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true));
    parsed.query.insert_or_assign(std::move(name), std::move(value));
  }
  return parsed;
}

std::string media_type(std::string_view content_type) {
  return lower(trimmed(content_type.substr(0, content_type.find(';'))));
}

std::optional<std::string> value_parameter(std::string_view value, std::string_view name) {
  for (auto at = value.find(';'); at != std::string_view::npos;) {
    std::string_view rest = trimmed(value.substr(at + 1));
    const auto equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string found = lower(trimmed(rest.substr(0, equals)));
    rest = trimmed(rest.substr(equals + 1));
    std::string text;
    std::size_t end = 0;
    if (rest.starts_with('"')) {
      for (end = 1; end < rest.size() && rest[end] != '"'; ++end) {
        if (rest[end] == '\\' && end + 1 < rest.size()) ++end;
        text += rest[end];
      }
    } else {
      end = std::min(rest.size(), rest.find(';'));
      text = trimmed(rest.substr(0, end));
    }
    if (found == name) return text;
    const auto next = rest.find(';', end);
    value = rest;
    at = next;
  }
  return std::nullopt;
}

}  // namespace bloodcell::serve
