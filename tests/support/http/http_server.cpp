#include <bloodcell/test/http_server.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace bloodcell::test {

namespace {

bool send_all(int connection, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string read_head(int connection) {
  std::string head;
  std::array<char, 4096> piece{};
  while (head.find("\r\n\r\n") == std::string::npos) {
    const ssize_t got = ::recv(connection, piece.data(), piece.size(), 0);
    if (got <= 0) return {};
    head.append(piece.data(), static_cast<std::size_t>(got));
  }
  return head;
}

HttpRequest parse(const std::string& head) {
  HttpRequest request;
  const std::size_t first = head.find(' ');
  request.path = head.substr(first + 1, head.find(' ', first + 1) - first - 1);
  std::size_t at = head.find("\r\n") + 2;
  while (at < head.size()) {
    const std::size_t end = head.find("\r\n", at);
    const std::size_t colon = head.find(": ", at);
    if (end == std::string::npos || end == at || colon > end) break;
    std::string name = head.substr(at, colon - at);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.headers[name] = head.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  return request;
}

}  // namespace

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)) {
  ::setenv("NO_PROXY", "127.0.0.1", 1);
  ::setenv("no_proxy", "127.0.0.1", 1);
  listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* general = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(listening_, general, length), 0);
  EXPECT_EQ(::listen(listening_, 16), 0);
  EXPECT_EQ(::getsockname(listening_, general, &length), 0);
  EXPECT_EQ(::pipe(stop_), 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

HttpServer::~HttpServer() {
  ::close(stop_[1]);
  thread_.join();
  ::close(stop_[0]);
  ::close(listening_);
}

std::string HttpServer::url(const std::string& path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

std::vector<HttpRequest> HttpServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void HttpServer::serve() {
  while (true) {
    std::array<pollfd, 2> waits{{{listening_, POLLIN, 0}, {stop_[0], POLLIN, 0}}};
    if (::poll(waits.data(), waits.size(), -1) < 0 || waits[1].revents != 0) return;
    const int connection = ::accept(listening_, nullptr, nullptr);
    if (connection < 0) return;
    answer(connection);
    ::close(connection);
  }
}

void HttpServer::answer(int connection) {
  const std::string head = read_head(connection);
  if (head.empty()) return;
  const HttpRequest request = parse(head);
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  const HttpReply reply = handler_(request);
  std::string text = fmt::format("HTTP/1.1 {} Told\r\nConnection: close\r\n", reply.status);
  for (const auto& [name, value] : reply.headers) text += name + ": " + value + "\r\n";
  if (!reply.is_endless) text += fmt::format("Content-Length: {}\r\n", reply.body.size());
  text += "\r\n";
  bool is_open = send_all(connection, text);
  while (is_open && reply.is_endless) is_open = send_all(connection, reply.body);
  if (is_open)
    send_all(connection,
             std::string_view(reply.body).substr(0, reply.sends.value_or(reply.body.size())));
  if (reply.stalls) wait_for_leaving(connection);
}

void HttpServer::wait_for_leaving(int connection) const {
  std::array<pollfd, 2> waits{{{connection, POLLIN, 0}, {stop_[0], POLLIN, 0}}};
  ::poll(waits.data(), waits.size(), -1);
}

HttpReply reply_with_file(const HttpRequest& request, const std::string& content,
                          const std::string& etag) {
  HttpReply reply{200, {{"ETag", etag}, {"Accept-Ranges", "bytes"}}, content};
  const auto range = request.headers.find("range");
  const auto tag = request.headers.find("if-range");
  if (range == request.headers.end() || tag == request.headers.end() || tag->second != etag) {
    return reply;
  }
  const std::size_t start = std::stoul(range->second.substr(std::string("bytes=").size()));
  if (start >= content.size()) return {416, {}, {}};
  reply.status = 206;
  reply.headers.emplace_back(
      "Content-Range", fmt::format("bytes {}-{}/{}", start, content.size() - 1, content.size()));
  reply.body = content.substr(start);
  return reply;
}

}  // namespace bloodcell::test
