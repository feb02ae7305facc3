// An HTTP/1.1 server on 127.0.0.1 for tests: answers as it is told, well or badly.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace bloodcell::test {

struct HttpRequest {
  std::string path;
  std::map<std::string, std::string> headers{};  // names in lower case
};

struct HttpReply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  std::optional<std::size_t> sends{};  // of the body; then the connection ends, or stalls
  bool stalls = false;                 // silent after what it sends, until the other side leaves
  bool is_endless = false;             // the body over and over, without a length
};

// One connection at a time.
class HttpServer {
 public:
  using Handler = std::function<HttpReply(const HttpRequest&)>;
  explicit HttpServer(Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::string url(const std::string& path) const;  // path begins with `/`
  [[nodiscard]] std::vector<HttpRequest> requests() const;       // so far

 private:
  void serve();
  void answer(int connection);
  void wait_for_leaving(int connection) const;

  Handler handler_;
  int listening_ = -1;
  int stop_[2]{-1, -1};  // a pipe: closing its writing end wakes the thread
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<HttpRequest> requests_;  // guarded by mutex_
  std::thread thread_;
};

// What a good server does for one file: all of it, or the rest from `Range: bytes=N-` on when
// If-Range names this tag.
[[nodiscard]] HttpReply reply_with_file(const HttpRequest& request, const std::string& content,
                                        const std::string& etag);

}  // namespace bloodcell::test
