#include <bloodcell/serve/server.hpp>

#include <sys/resource.h>

#include <chrono>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <bloodcell/base/unrepeatable.hpp>
#include <bloodcell/serve/gate.hpp>

#include "connection.hpp"
#include "hub.hpp"

namespace bloodcell::serve {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr auto kLook = std::chrono::milliseconds(50);  // how often a request to stop is looked for
constexpr rlim_t kOtherFiles = 64;                     // open beside the connections

// A connection is an open file: as many as allowed, and room for those we bear.
std::size_t connections_possible(std::size_t wanted) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return wanted;
  const rlim_t needed = wanted + kOtherFiles;
  if (files.rlim_cur < needed) {
    files.rlim_cur = std::min(needed, files.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &files);
    ::getrlimit(RLIMIT_NOFILE, &files);
  }
  if (files.rlim_cur <= 2 * kOtherFiles) return kOtherFiles;
  return std::min<std::size_t>(wanted, files.rlim_cur - kOtherFiles);
}

}  // namespace

struct Server::Impl {
  Impl(const Options& given, const Router& router, Workers& workers, Counters& counters,
       const Log& log)
      : options(given), hub{options, router, workers, counters, log}, acceptor(network) {}

  asio::awaitable<void> accept() {
    while (true) {
      auto [error, socket] = co_await acceptor.async_accept(kAwait);
      if (error == asio::error::operation_aborted || !acceptor.is_open()) co_return;
      if (error) {  // no more files: wait until some are given back
        asio::steady_timer pause(network, kLook);
        co_await pause.async_wait(kAwait);
        continue;
      }
      if (hub.connection_count >= options.max_connections) {
        hub.counters.refused("connections");
        continue;  // closes it
      }
      asio::co_spawn(network, serve_connection(std::move(socket), hub), asio::detached);
    }
  }

  asio::awaitable<void> watch(const Cancellation& cancellation) {
    asio::steady_timer timer(network);
    while (!cancellation.requested()) {
      timer.expires_after(kLook);
      co_await timer.async_wait(kAwait);
    }
    hub.is_stopping = true;
    boost::system::error_code ignored;
    acceptor.close(ignored);
    for (Connection* connection : copy_of_connections()) connection->stop();
    const auto until = std::chrono::steady_clock::now() + options.grace_time;
    while (!hub.connections.empty() && std::chrono::steady_clock::now() < until) {
      timer.expires_after(kLook);
      co_await timer.async_wait(kAwait);
    }
    if (!hub.connections.empty()) {
      hub.log.warning("{} requests were cut off", hub.connections.size());
    }
    for (Connection* connection : copy_of_connections()) connection->cut();
  }

  // stop() and cut() may end a connection, which then leaves the set.
  [[nodiscard]] std::vector<Connection*> copy_of_connections() const {
    return {hub.connections.begin(), hub.connections.end()};
  }

  Options options;
  Hub hub;
  asio::io_context network{1};
  tcp::acceptor acceptor;
  std::uint16_t port = 0;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::open(const Options& options, const Router& router,
                                             Workers& workers, Counters& counters, const Log& log) {
  BC_CHECK(check_options(options));
  boost::system::error_code error;
  const auto address =
      asio::ip::make_address(options.host == "localhost" ? "127.0.0.1" : options.host, error);
  if (error) {
    return fail(ErrorCode::usage, fmt::format("`{}` is not an address", options.host), {},
                "give one of this machine, as 127.0.0.1, or 0.0.0.0 for all");
  }
  auto impl = std::make_unique<Impl>(options, router, workers, counters, log);
  impl->options.max_connections = connections_possible(options.max_connections);
  impl->hub.request_prefix = random_name(4);
  const tcp::endpoint endpoint(address, options.port);
  auto& acceptor = impl->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return fail(
        ErrorCode::unreadable,
        fmt::format("cannot listen on {} port {}: {}", options.host, options.port, error.message()),
        {}, "choose another with --port");
  }
  impl->port = acceptor.local_endpoint(error).port();
  Hub& hub = impl->hub;
  counters.gauge("bloodcell_connections", "Open connections.",
                 [&hub] { return static_cast<double>(hub.connection_count.load()); });
  counters.gauge("bloodcell_held_bytes", "Bodies of requests in memory.",
                 [&hub] { return static_cast<double>(hub.held_bytes.load()); });
  counters.gauge("bloodcell_waiting_requests", "Requests that wait for a worker.",
                 [&workers] { return static_cast<double>(workers.waiting()); });
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::uint16_t Server::port() const { return impl_->port; }

std::string Server::address() const {
  const std::string& host = impl_->options.host;
  const bool is_v6 = host.find(':') != std::string::npos && !host.starts_with('[');
  return fmt::format("http://{}:{}/", is_v6 ? "[" + host + "]" : host, port());
}

bool Server::is_stopping() const { return impl_->hub.is_stopping; }

void Server::run(const Cancellation& cancellation) {
  asio::co_spawn(impl_->network, impl_->accept(), asio::detached);
  asio::co_spawn(impl_->network, impl_->watch(cancellation), asio::detached);
  impl_->network.run();
}

}  // namespace bloodcell::serve
