// Requests and answers as the routes see them: plain values, no library of the network.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <bloodcell/base/result.hpp>

namespace bloodcell::serve {

struct Request {
  std::string id;         // of this request, in the log and in the answer's X-Request-Id
  std::string method;     // upper case
  std::string path;       // begins with `/`, percent-decoded: for people
  std::string sent_path;  // as it was sent: a `%2F` is no border between its parts
  std::map<std::string, std::string, std::less<>> query;
  std::map<std::string, std::string, std::less<>> headers;   // names in lower case
  std::map<std::string, std::string, std::less<>> captured;  // the {parts} of the route's pattern
  std::string body;

  // Empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // beside those every answer has
};

// Where an answer goes. Thread-safe. Either send(), or begin(), any number of write(), end(). When
// the last owner lets go without an answer, the client is told of an internal error.
class Reply {
 public:
  virtual ~Reply() = default;
  virtual void send(Response response) = 0;
  virtual void begin(Response head) = 0;  // its body is the first piece
  virtual void write(std::string piece) = 0;
  virtual void end() = 0;
  [[nodiscard]] virtual bool is_wanted() const = 0;  // false: the client has gone
};

// `/a%20b?x=1&y=` → path, query. Errors: malformed (no leading slash, a broken escape, a control
// character, bytes that are no UTF-8), limit_exceeded (more than 64 parameters).
struct Target {
  std::string path;
  std::string sent_path;
  std::map<std::string, std::string, std::less<>> query;
};
[[nodiscard]] Result<Target> parse_target(std::string_view target);
[[nodiscard]] Result<std::string> percent_decoded(std::string_view text, bool plus_is_space);

// The value without parameters, in lower case: `multipart/form-data`.
[[nodiscard]] std::string media_type(std::string_view content_type);

// A parameter of a header's value, quotes removed: boundary, filename.
[[nodiscard]] std::optional<std::string> value_parameter(std::string_view value,
                                                         std::string_view name);

}  // namespace bloodcell::serve
