#include "message.hpp"

#include <algorithm>
#include <array>

#include <boost/beast/http/error.hpp>

#include <bloodcell/serve/problem.hpp>

#include "text.hpp"

namespace bloodcell::serve {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr std::size_t kMostHeaders = 100;
constexpr std::size_t kLongestId = 64;

// Twice, these could mean one thing to a proxy and another to us.
constexpr std::array<std::string_view, 4> kOnlyOnce{"host", "content-type", "authorization",
                                                    "origin"};

// The hash is of the one style sheet that OpenSeadragon puts into the page.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; "
    "style-src 'self' 'sha256-9xTiqzfwFaL2SGb1rmr8gysEwVVjIvqWAgmZgqFqpEE='; "
    "img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

bool is_usable_id(std::string_view id) {
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.';
  };
  return !id.empty() && id.size() <= kLongestId && std::all_of(id.begin(), id.end(), is_plain);
}

template <class Message>
void set_headers(Message& message, const Response& response, std::string_view request_id) {
  message.result(static_cast<unsigned>(response.status));
  message.set("X-Request-Id", request_id);
  if (!response.type.empty()) message.set(http::field::content_type, response.type);
  message.set("Content-Security-Policy", kPolicy);
  message.set("X-Content-Type-Options", "nosniff");
  message.set("X-Frame-Options", "DENY");
  message.set("Referrer-Policy", "no-referrer");
  message.set("Cross-Origin-Opener-Policy", "same-origin");
  message.set("Cross-Origin-Resource-Policy", "same-origin");
  message.set("Permissions-Policy", "camera=(self), microphone=(), geolocation=()");
  message.set(http::field::cache_control, "no-store");
  for (const auto& [name, value] : response.headers) message.set(name, value);
}

}  // namespace

void limit(Parser& parser, const Options& options) {
  parser.header_limit(options.max_header_bytes);
  parser.body_limit(options.max_body_bytes);
}

Result<void> take_head(const Parser& parser, Request& request) {
  const auto& message = parser.get();
  request.method = std::string(message.method_string());
  BC_ASSIGN(auto target, parse_target(message.target()));
  request.path = std::move(target.path);
  request.sent_path = std::move(target.sent_path);
  request.query = std::move(target.query);
  std::size_t headers = 0;
  for (const auto& field : message) {
    if (++headers > kMostHeaders) {
      return fail(ErrorCode::limit_exceeded, fmt::format("more than {} headers", kMostHeaders));
    }
    std::string name = lower(field.name_string());
    const std::string_view value = trimmed(field.value());
    const auto [at, is_new] = request.headers.emplace(name, value);
    if (is_new) continue;
    if (std::find(kOnlyOnce.begin(), kOnlyOnce.end(), name) != kOnlyOnce.end()) {
      return fail(ErrorCode::malformed, fmt::format("the header {} stands twice", name));
    }
    at->second += ", " + std::string(value);
  }
  if (const auto id = request.header("x-request-id"); is_usable_id(id)) request.id = id;
  return {};
}

std::optional<Response> refusal_of(const beast::error_code& error, std::string_view request_id) {
  if (error == http::error::header_limit) {
    return problem({ErrorCode::limit_exceeded, "the headers are too long", {}, "send fewer"}, 431,
                   request_id);
  }
  if (error == http::error::body_limit) {
    return problem({ErrorCode::limit_exceeded, "the body is too long", {}, "send less at a time"},
                   request_id);
  }
  const bool is_gone = error == http::error::end_of_stream || error == http::error::partial_message;
  if (is_gone || error.category() != http::make_error_code(http::error::bad_method).category()) {
    return std::nullopt;
  }
  return problem({ErrorCode::malformed, fmt::format("not a request: {}", error.message()), {}, {}},
                 request_id);
}

http::response<http::string_body> message_of(Response response, std::string_view request_id,
                                             bool keep_alive) {
  http::response<http::string_body> message;
  set_headers(message, response, request_id);
  message.keep_alive(keep_alive);
  message.body() = std::move(response.body);
  message.prepare_payload();
  return message;
}

http::response<http::empty_body> stream_head_of(Response head, std::string_view request_id) {
  http::response<http::empty_body> message;
  set_headers(message, head, request_id);
  message.chunked(true);
  return message;
}

}  // namespace bloodcell::serve
