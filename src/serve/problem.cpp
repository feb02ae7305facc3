#include <bloodcell/serve/problem.hpp>

#include <nlohmann/json.hpp>

namespace bloodcell::serve {

namespace {

std::string_view reason_of(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 421: return "Misdirected Request";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
  }
}

}  // namespace

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
    case ErrorCode::malformed: return 400;
    case ErrorCode::not_found: return 404;
    case ErrorCode::limit_exceeded: return 413;
    case ErrorCode::unsupported: return 415;
    case ErrorCode::mismatch:
    case ErrorCode::leak: return 409;
    case ErrorCode::cancelled: return 503;
    case ErrorCode::unreadable:
    case ErrorCode::internal: return 500;
  }
  return 500;
}

Response problem(const Error& error, int status, std::string_view request_id) {
  using nlohmann::ordered_json;
  const ordered_json document{
      {"type", "about:blank"},   {"title", reason_of(status)},  {"status", status},
      {"detail", error.message}, {"code", name_of(error.code)}, {"remedy", error.remedy},
      {"request", request_id},   {"error", error.message}};
  Response response;
  response.status = status;
  response.type = "application/problem+json";
  response.body = document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

Response problem(const Error& error, std::string_view request_id) {
  return problem(error, status_of(error.code), request_id);
}

Response busy(std::string message, std::string_view request_id) {
  return problem({ErrorCode::limit_exceeded, std::move(message), {}, "try again in a second"}, 503,
                 request_id);
}

}  // namespace bloodcell::serve
