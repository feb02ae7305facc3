// One client: reads requests one after the other, leads each to its route, sends the answer.
#pragma once

#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "hub.hpp"

namespace bloodcell::serve {

class Connection {
 public:
  virtual ~Connection() = default;
  // Ends it now unless a request is being answered; then after that.
  virtual void stop() = 0;
  virtual void cut() = 0;  // ends it now
};

// Lives until the client goes, breaks a limit, or is stopped. Registered in hub.connections.
boost::asio::awaitable<void> serve_connection(boost::asio::ip::tcp::socket socket, Hub& hub);

}  // namespace bloodcell::serve
