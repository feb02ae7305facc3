// The HTTP server: one thread for the network, workers for what takes time. It knows no routes of
// its own.
#pragma once

#include <memory>

#include <bloodcell/base/cancel.hpp>
#include <bloodcell/base/log.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/serve/counters.hpp>
#include <bloodcell/serve/options.hpp>
#include <bloodcell/serve/routes.hpp>
#include <bloodcell/serve/workers.hpp>

namespace bloodcell::serve {

class Server {
 public:
  // Listens from here on; nothing is answered before run(). What is handed in outlives the server.
  // Errors: usage (check_options; not an address), unreadable (the port is taken).
  [[nodiscard]] static Result<std::unique_ptr<Server>> open(const Options& options,
                                                            const Router& router, Workers& workers,
                                                            Counters& counters, const Log& log);
  ~Server();

  [[nodiscard]] std::uint16_t port() const;
  // `http://127.0.0.1:8080/`
  [[nodiscard]] std::string address() const;

  // Until `cancellation` is requested; then takes no new connection, finishes the requests that it
  // has and returns, after options.grace_time at the latest.
  void run(const Cancellation& cancellation);

  // True from the request to stop on: health says so.
  [[nodiscard]] bool is_stopping() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bloodcell::serve
