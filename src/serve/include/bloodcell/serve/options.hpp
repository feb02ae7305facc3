// How the server listens and what it bears. Every number is a bound: nothing grows with what
// clients send.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace bloodcell::serve {

struct Options {
  std::string host = "127.0.0.1";  // an address of this machine
  std::uint16_t port = 8080;       // 0: any free one
  std::string token;               // asked as `Authorization: Bearer …`; empty: none, loopback only

  std::size_t max_connections = 1024;
  std::uint32_t max_header_bytes = 16 << 10;
  std::uint64_t max_body_bytes = 256ULL << 20;
  std::uint64_t max_held_bytes = 1ULL << 30;  // bodies of all requests together
  std::size_t max_files = 64;                 // in one request
  std::size_t max_waiting_pictures = 256;     // over all requests
  std::size_t max_waiting_requests = 256;     // for a worker
  int batch = 16;                             // pictures classified together

  std::chrono::milliseconds header_time{10'000};  // for all headers of a request
  std::chrono::milliseconds pause_time{10'000};   // between two pieces of a body, either way
  std::chrono::milliseconds body_time{120'000};   // for a whole body
  std::chrono::milliseconds answer_time{120'000};
  std::chrono::milliseconds idle_time{30'000};   // between two requests
  std::chrono::milliseconds grace_time{30'000};  // for what runs when the server is told to stop
};

}  // namespace bloodcell::serve
