#include "connection.hpp"

#include <chrono>
#include <exception>

#include <fmt/ranges.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <bloodcell/serve/gate.hpp>
#include <bloodcell/serve/problem.hpp>

#include "message.hpp"
#include "outbox.hpp"
#include "text.hpp"

namespace bloodcell::serve {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using std::chrono::steady_clock;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMostUnreadBytes = 4 << 20;  // read and thrown away after an early refusal

class HttpConnection final : public Connection {
 public:
  HttpConnection(asio::ip::tcp::socket socket, Hub& hub)
      : hub_(hub), stream_(std::move(socket)), buffer_(kBufferBytes) {
    beast::error_code ignored;
    stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    hub_.connections.insert(this);
    ++hub_.connection_count;
  }
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;
  ~HttpConnection() override {
    hub_.connections.erase(this);
    --hub_.connection_count;
  }

  void stop() override {
    is_last_ = true;
    if (!is_answering_) stream_.close();
  }
  void cut() override {
    if (outbox_) outbox_->close();
    stream_.close();
  }

  asio::awaitable<void> run() {
    bool is_first = true;
    while (!is_last_) {
      if (!co_await answer_one(is_first)) break;
      is_first = false;
    }
    beast::error_code ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }

 private:
  static constexpr std::size_t kBufferBytes = 128 << 10;

  // Counts the body of one request against what all of them may hold.
  class Held {
   public:
    explicit Held(Hub& hub) : hub_(hub) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() { hub_.held_bytes -= bytes_; }
    [[nodiscard]] bool grow_to(std::uint64_t bytes) {
      hub_.held_bytes += bytes - bytes_;
      bytes_ = bytes;
      return hub_.held_bytes <= hub_.options.max_held_bytes;
    }

   private:
    Hub& hub_;
    std::uint64_t bytes_ = 0;
  };

  struct Exchange {
    steady_clock::time_point begun = steady_clock::now();
    std::shared_ptr<Request> request = std::make_shared<Request>();
    std::shared_ptr<Held> held;
    std::string route = "none";
    bool keep_alive = false;
    bool is_head = false;
    std::uint64_t bytes_in = 0;
  };

  // False when the connection is to end.
  asio::awaitable<bool> answer_one(bool is_first) {
    is_answering_ = false;
    Parser parser;
    limit(parser, hub_.options);
    if (buffer_.size() == 0 && !is_first) {
      stream_.expires_after(hub_.options.idle_time);
      const auto [error, read] =
          co_await stream_.async_read_some(buffer_.prepare(kBufferBytes / 2), kAwait);
      if (error) co_return false;
      buffer_.commit(read);
    }
    stream_.expires_after(hub_.options.header_time);
    Exchange exchange;
    exchange.held = std::make_shared<Held>(hub_);
    const auto [error, read] = co_await http::async_read_header(stream_, buffer_, parser, kAwait);
    is_answering_ = true;
    exchange.begun = steady_clock::now();
    exchange.request->id = fmt::format("{}-{}", hub_.request_prefix, ++hub_.requests);
    if (error) {
      const auto refused = refusal_of(error, exchange.request->id);
      if (!refused) co_return false;
      co_return co_await refuse(exchange, *refused);
    }
    exchange.keep_alive = parser.keep_alive();
    exchange.is_head = parser.get().method() == http::verb::head;
    if (auto taken = take_head(parser, *exchange.request); !taken) {
      co_return co_await refuse(exchange, problem(taken.error(), exchange.request->id));
    }
    co_return co_await lead(exchange, parser);
  }

  asio::awaitable<bool> lead(Exchange& exchange, Parser& parser) {
    Request& request = *exchange.request;
    Found found = hub_.router.find(request.method, request.sent_path);
    static const Route kNoRoute{
        .method = "", .pattern = "none", .id = "", .tag = "", .summary = ""};
    const Route& route = found.route != nullptr ? *found.route : kNoRoute;
    exchange.route = route.pattern;
    if (auto refused = refusal(request, route, hub_.options)) {
      co_return co_await refuse(exchange, std::move(*refused));
    }
    if (found.route == nullptr) co_return co_await refuse(exchange, not_found(found, request));
    const auto length = parser.content_length();
    if (length && *length > route.max_body_bytes) {
      co_return co_await refuse(exchange, too_long(route, request));
    }
    request.captured = std::move(found.captured);
    if (lower(request.header("expect")) == "100-continue") {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      stream_.expires_after(hub_.options.pause_time);
      co_await asio::async_write(stream_, asio::buffer(kContinue), kAwait);
    }
    if (auto refused = co_await read_body(exchange, parser, route)) {
      if (refused->status == 0) co_return false;
      co_return co_await refuse(exchange, std::move(*refused));
    }
    request.body = std::move(parser.get().body());
    exchange.bytes_in = request.body.size();
    outbox_ = std::make_shared<Outbox>(stream_.get_executor());
    hand_over(exchange, route);
    co_return co_await send_answer(exchange);
  }

  // A refusal; one of status 0 when the client has gone.
  asio::awaitable<std::optional<Response>> read_body(Exchange& exchange, Parser& parser,
                                                     const Route& route) {
    const auto until = steady_clock::now() + hub_.options.body_time;
    Response gone;
    gone.status = 0;
    while (!parser.is_done()) {
      if (steady_clock::now() > until) co_return gone;
      stream_.expires_after(hub_.options.pause_time);
      const auto [error, read] = co_await http::async_read_some(stream_, buffer_, parser, kAwait);
      if (error) co_return refusal_of(error, exchange.request->id).value_or(gone);
      const std::size_t size = parser.get().body().size();
      if (size > route.max_body_bytes) co_return too_long(route, *exchange.request);
      if (!exchange.held->grow_to(size)) {
        parser.get().body() = {};
        (void)exchange.held->grow_to(0);  // before the refusal is heard: the next may come at once
        hub_.counters.refused("memory");
        co_return busy("too much is being sent at once", exchange.request->id);
      }
    }
    co_return std::nullopt;
  }

  void hand_over(Exchange& exchange, const Route& route) {
    auto reply = reply_into(outbox_, exchange.request->id);
    // The body counts as held for as long as anyone has the request.
    std::shared_ptr<const Request> request(
        exchange.request.get(), [owner = exchange.request, held = exchange.held](auto*) {});
    if (route.talk) {
      route.talk(request, reply);
      return;
    }
    const bool taken = hub_.workers.offer([&route, request, reply, &log = hub_.log] {
      try {
        auto response = route.answer(*request);
        reply->send(response ? std::move(*response) : problem(response.error(), request->id));
      } catch (const std::exception& error) {  // a library's; the reply, let go, says 500
        log.warning("request id={} broke off: {}", request->id, error.what());
      }
    });
    if (taken) return;
    hub_.counters.refused("queue");
    reply->send(busy("too many requests are waiting", exchange.request->id));
  }

  asio::awaitable<bool> send_answer(Exchange& exchange) {
    const auto until = steady_clock::now() + hub_.options.answer_time;
    auto first = co_await outbox_->next(until);
    if (!first || !first->head) {
      outbox_->close();
      if (!stream_.socket().is_open()) co_return false;
      first =
          Outbox::Piece{busy("the answer took too long", exchange.request->id), {}, true, false};
      first->text = std::exchange(first->head->body, {});
    }
    Response head = std::move(*first->head);
    if (!first->is_stream) {
      head.body = std::move(first->text);
      co_return co_await send_whole(exchange, std::move(head));
    }
    co_return co_await send_stream(exchange, std::move(head), std::move(first->text));
  }

  asio::awaitable<bool> send_whole(Exchange& exchange, Response response) {
    if (is_last_) exchange.keep_alive = false;
    const std::size_t size = response.body.size();
    const int status = response.status;
    auto message = message_of(std::move(response), exchange.request->id, exchange.keep_alive);
    if (exchange.is_head) message.body().clear();
    stream_.expires_after(hub_.options.pause_time + std::chrono::seconds(size >> 20));
    const auto [error, sent] = co_await http::async_write(stream_, message, kAwait);
    tell(exchange, status, size);
    co_return !error && exchange.keep_alive;
  }

  asio::awaitable<bool> send_stream(Exchange& exchange, Response head, std::string text) {
    const int status = head.status;
    auto message = stream_head_of(std::move(head), exchange.request->id);
    http::response_serializer<http::empty_body> serializer(message);
    stream_.expires_after(hub_.options.pause_time);
    auto [error, sent] = co_await http::async_write_header(stream_, serializer, kAwait);
    const auto until = steady_clock::now() + hub_.options.answer_time;
    std::uint64_t bytes = 0;
    bool is_whole = false;
    while (!error) {
      if (!text.empty()) {
        bytes += text.size();
        stream_.expires_after(hub_.options.pause_time);
        std::tie(error, sent) =
            co_await asio::async_write(stream_, http::make_chunk(asio::buffer(text)), kAwait);
      }
      if (is_whole || error) break;
      auto piece = co_await outbox_->next(until);
      if (!piece) break;
      text = std::move(piece->text);
      is_whole = piece->is_last;
    }
    if (is_whole && !error) {
      std::tie(error, sent) = co_await asio::async_write(stream_, http::make_chunk_last(), kAwait);
    }
    outbox_->close();
    tell(exchange, status, bytes);
    co_return !error && is_whole && exchange.keep_alive && !is_last_;
  }

  // Answers before the request was read to its end: the connection cannot go on.
  asio::awaitable<bool> refuse(Exchange& exchange, Response response) {
    exchange.keep_alive = false;
    co_await send_whole(exchange, std::move(response));
    beast::error_code ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    // A client that is still sending would lose the answer if we closed at once.
    stream_.expires_after(std::chrono::seconds(2));
    buffer_.clear();
    for (std::size_t unread = 0; unread < kMostUnreadBytes;) {
      const auto [error, read] =
          co_await stream_.async_read_some(buffer_.prepare(kBufferBytes / 2), kAwait);
      if (error) break;
      unread += read;
    }
    co_return false;
  }

  static Response not_found(const Found& found, const Request& request) {
    if (found.allowed.empty()) {
      return problem({ErrorCode::not_found, "no such address", {}, "see /openapi.json"},
                     request.id);
    }
    Response response = problem(
        {ErrorCode::usage, fmt::format("{} is not for this address", request.method), {}, {}}, 405,
        request.id);
    response.headers.emplace_back("Allow", fmt::format("{}", fmt::join(found.allowed, ", ")));
    return response;
  }

  static Response too_long(const Route& route, const Request& request) {
    return problem({ErrorCode::limit_exceeded,
                    fmt::format("a body of more than {} bytes", route.max_body_bytes),
                    {},
                    "send less at a time"},
                   request.id);
  }

  void tell(const Exchange& exchange, int status, std::uint64_t bytes_out) {
    const double seconds =
        std::chrono::duration<double>(steady_clock::now() - exchange.begun).count();
    hub_.counters.request(exchange.route, status, seconds, exchange.bytes_in, bytes_out);
    const Request& request = *exchange.request;
    hub_.log.info("request id={} method={} path={} status={} ms={:.1f} in={} out={}", request.id,
                  request.method.empty() ? "-" : request.method,
                  request.path.empty() ? "-" : quoted_path(request.path), status, seconds * 1e3,
                  exchange.bytes_in, bytes_out);
  }

  static std::string quoted_path(std::string_view path) {
    constexpr std::size_t kLongest = 200;
    std::string text;
    for (const char c : path.substr(0, kLongest)) text += c == ' ' || c == '"' ? '_' : c;
    return text;
  }

  Hub& hub_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::shared_ptr<Outbox> outbox_;
  bool is_answering_ = false;
  bool is_last_ = false;
};

}  // namespace

asio::awaitable<void> serve_connection(asio::ip::tcp::socket socket, Hub& hub) {
  HttpConnection connection(std::move(socket), hub);
  co_await connection.run();
}

}  // namespace bloodcell::serve
