#include "outbox.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <bloodcell/serve/problem.hpp>

namespace bloodcell::serve {

namespace asio = boost::asio;

namespace {

class OutboxReply final : public Reply {
 public:
  OutboxReply(std::shared_ptr<Outbox> outbox, std::string request_id)
      : outbox_(std::move(outbox)), request_id_(std::move(request_id)) {}
  OutboxReply(const OutboxReply&) = delete;
  OutboxReply& operator=(const OutboxReply&) = delete;

  ~OutboxReply() override {
    if (outbox_->is_ended()) return;
    if (outbox_->has_head()) {
      outbox_->close();
      return;
    }
    send(
        problem({ErrorCode::internal, "the request ended without an answer", {}, {}}, request_id_));
  }

  void send(Response response) override {
    std::string body = std::move(response.body);
    outbox_->put({std::move(response), std::move(body), true, false});
  }
  void begin(Response head) override {
    std::string body = std::move(head.body);
    outbox_->put({std::move(head), std::move(body), false, true});
  }
  void write(std::string piece) override { outbox_->put({{}, std::move(piece), false, true}); }
  void end() override { outbox_->put({{}, {}, true, true}); }
  [[nodiscard]] bool is_wanted() const override { return !outbox_->is_closed(); }

 private:
  std::shared_ptr<Outbox> outbox_;
  std::string request_id_;
};

}  // namespace

Outbox::Outbox(const asio::any_io_executor& network) : network_(network), wake_(network) {}

void Outbox::put(Piece piece) {
  {
    const std::lock_guard lock(mutex_);
    if (is_ended_ || is_closed_) return;
    has_head_ = has_head_ || piece.head.has_value();
    is_ended_ = piece.is_last;
    pieces_.push_back(std::move(piece));
  }
  asio::post(network_, [self = shared_from_this()] { self->wake_.cancel(); });
}

bool Outbox::has_head() const {
  const std::lock_guard lock(mutex_);
  return has_head_;
}

bool Outbox::is_ended() const {
  const std::lock_guard lock(mutex_);
  return is_ended_ || is_closed_;
}

void Outbox::close() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    pieces_.clear();
  }
  asio::post(network_, [self = shared_from_this()] { self->wake_.cancel(); });
}

bool Outbox::is_closed() const {
  const std::lock_guard lock(mutex_);
  return is_closed_;
}

std::optional<Outbox::Piece> Outbox::take() {
  const std::lock_guard lock(mutex_);
  if (pieces_.empty()) return std::nullopt;
  Piece piece = std::move(pieces_.front());
  pieces_.pop_front();
  return piece;
}

// A piece put between take() and async_wait() posts its cancel() to this very thread, which runs
// it only after the wait has begun.
asio::awaitable<std::optional<Outbox::Piece>> Outbox::next(
    std::chrono::steady_clock::time_point until) {
  while (true) {
    if (auto piece = take()) co_return piece;
    if (is_closed() || std::chrono::steady_clock::now() >= until) co_return std::nullopt;
    wake_.expires_at(until);
    co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

std::shared_ptr<Reply> reply_into(std::shared_ptr<Outbox> outbox, std::string request_id) {
  return std::make_shared<OutboxReply>(std::move(outbox), std::move(request_id));
}

}  // namespace bloodcell::serve
