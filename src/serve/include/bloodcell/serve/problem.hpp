// Errors as HTTP says them: application/problem+json (RFC 9457) with the codes of the command line.
#pragma once

#include <bloodcell/base/result.hpp>
#include <bloodcell/serve/http.hpp>

namespace bloodcell::serve {

// 400 usage and malformed, 404, 409, 413, 415, 500, 503.
[[nodiscard]] int status_of(ErrorCode code);

// {"type", "title", "status", "detail", "code", "remedy", "request", "error"}; `error` is the
// message once more, as the Open Inference Protocol names it. The error's path stays on this
// machine. 503 has Retry-After.
[[nodiscard]] Response problem(const Error& error, int status, std::string_view request_id);
[[nodiscard]] Response problem(const Error& error, std::string_view request_id);

// 503.
[[nodiscard]] Response busy(std::string message, std::string_view request_id);

}  // namespace bloodcell::serve
