// One answer on its way from the thread that makes it to the connection that sends it.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <bloodcell/serve/http.hpp>

namespace bloodcell::serve {

class Outbox : public std::enable_shared_from_this<Outbox> {
 public:
  struct Piece {
    std::optional<Response> head{};  // the first piece alone has one
    std::string text{};
    bool is_last = false;
    bool is_stream = false;
  };

  explicit Outbox(const boost::asio::any_io_executor& network);

  // From any thread.
  void put(Piece piece);
  [[nodiscard]] bool has_head() const;
  [[nodiscard]] bool is_ended() const;
  void close();  // the client has gone
  [[nodiscard]] bool is_closed() const;

  // From the network's thread: the next piece, or nothing when none came in time.
  boost::asio::awaitable<std::optional<Piece>> next(std::chrono::steady_clock::time_point until);

 private:
  std::optional<Piece> take();

  boost::asio::any_io_executor network_;
  boost::asio::steady_timer wake_;  // of the network's thread
  mutable std::mutex mutex_;
  std::deque<Piece> pieces_;  // guarded by mutex_
  bool has_head_ = false;     // guarded by mutex_
  bool is_ended_ = false;     // guarded by mutex_
  bool is_closed_ = false;    // guarded by mutex_
};

// The Reply of an Outbox. When let go without an answer, says so to the client.
[[nodiscard]] std::shared_ptr<Reply> reply_into(std::shared_ptr<Outbox> outbox,
                                                std::string request_id);

}  // namespace bloodcell::serve
