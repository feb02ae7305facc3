// Between Beast's messages and ours. The fuzz target feeds the same functions.
#pragma once

#include <optional>

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <bloodcell/base/result.hpp>
#include <bloodcell/serve/http.hpp>
#include <bloodcell/serve/options.hpp>

namespace bloodcell::serve {

using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

void limit(Parser& parser, const Options& options);

// Method, address, query and headers of a parser whose header is done; the id stays, unless the
// client gave one. Errors: those of parse_target, malformed (a header twice that must stand once).
[[nodiscard]] Result<void> take_head(const Parser& parser, Request& request);

// What to tell a client whose message broke; nothing when it has gone or was too slow.
[[nodiscard]] std::optional<Response> refusal_of(const boost::beast::error_code& error,
                                                 std::string_view request_id);

// With the security headers that every answer has.
[[nodiscard]] boost::beast::http::response<boost::beast::http::string_body> message_of(
    Response response, std::string_view request_id, bool keep_alive);
[[nodiscard]] boost::beast::http::response<boost::beast::http::empty_body> stream_head_of(
    Response head, std::string_view request_id);

}  // namespace bloodcell::serve
