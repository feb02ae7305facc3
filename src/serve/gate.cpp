#include <bloodcell/serve/gate.hpp>

#include <bloodcell/serve/problem.hpp>

#include "text.hpp"

namespace bloodcell::serve {

namespace {

constexpr std::size_t kShortestToken = 16;

// `[::1]:8080` → `[::1]`
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.rfind(':'));
}

bool has_token(const Request& request, const std::string& token) {
  const std::string_view given = request.header("authorization");
  const auto space = given.find(' ');
  if (space == std::string_view::npos || lower(given.substr(0, space)) != "bearer") return false;
  return is_same_secret(trimmed(given.substr(space)), token);
}

// Browsers say where a page that asks comes from; programs do not.
bool is_of_another_site(const Request& request) {
  const std::string_view site = request.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") {
    const bool is_visit = request.method == "GET" && request.header("sec-fetch-mode") == "navigate";
    return !is_visit;
  }
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return false;
  const auto scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return true;
  return origin.substr(scheme_end + 3) != request.header("host");
}

}  // namespace

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host == "[::1]" || host == "127.0.0.1";
}

Result<void> check_options(const Options& options) {
  if (!options.token.empty() && options.token.size() < kShortestToken) {
    return fail(ErrorCode::usage,
                fmt::format("a token of {} characters can be guessed", options.token.size()), {},
                fmt::format("give one of {} or more", kShortestToken));
  }
  if (options.token.empty() && !is_loopback(options.host)) {
    return fail(ErrorCode::usage, fmt::format("listening on {} without a token", options.host), {},
                "name a file that holds one with --token-file, or listen on 127.0.0.1");
  }
  return {};
}

std::optional<Response> refusal(const Request& request, const Route& route,
                                const Options& options) {
  const std::string host = lower(without_port(request.header("host")));
  if (is_loopback(options.host) && !is_loopback(host)) {
    return problem({ErrorCode::usage,
                    "this server answers on its own machine alone",
                    {},
                    "use the address that it printed"},
                   421, request.id);
  }
  if (is_of_another_site(request)) {
    return problem({ErrorCode::usage, "asked by a page of another site", {}, {}}, 403, request.id);
  }
  if (!route.is_open && !options.token.empty() && !has_token(request, options.token)) {
    Response response = problem(
        {ErrorCode::usage, "the token is missing or wrong", {}, "send `Authorization: Bearer …`"},
        401, request.id);
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
  }
  return std::nullopt;
}

}  // namespace bloodcell::serve
