// Who may ask. Thread-safe.
#pragma once

#include <optional>

#include <bloodcell/base/result.hpp>
#include <bloodcell/serve/http.hpp>
#include <bloodcell/serve/options.hpp>
#include <bloodcell/serve/routes.hpp>

namespace bloodcell::serve {

[[nodiscard]] bool is_loopback(std::string_view host);

// Errors: usage: a host beyond loopback without a token of at least 16 characters.
[[nodiscard]] Result<void> check_options(const Options& options);

// The refusal, or nothing. 421 for a Host that is not this machine's own while listening on
// loopback (DNS rebinding), 403 for a request that another site's page makes, 401 without the
// token.
[[nodiscard]] std::optional<Response> refusal(const Request& request, const Route& route,
                                              const Options& options);

}  // namespace bloodcell::serve
