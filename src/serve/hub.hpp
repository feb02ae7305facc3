// What all connections of a server share. Everything but the counters, the workers and what is
// const belongs to the network's thread.
#pragma once

#include <atomic>
#include <unordered_set>

#include <bloodcell/base/log.hpp>
#include <bloodcell/serve/counters.hpp>
#include <bloodcell/serve/options.hpp>
#include <bloodcell/serve/routes.hpp>
#include <bloodcell/serve/workers.hpp>

namespace bloodcell::serve {

class Connection;

struct Hub {
  const Options& options;
  const Router& router;
  Workers& workers;
  Counters& counters;
  const Log& log;

  std::unordered_set<Connection*> connections{};
  std::atomic<std::size_t> connection_count{0};  // read by the gauges
  std::atomic<std::uint64_t> held_bytes{0};      // bodies in memory
  std::atomic<bool> is_stopping{false};
  std::string request_prefix{};  // of this process, so that ids of two runs differ
  std::uint64_t requests = 0;
};

}  // namespace bloodcell::serve
