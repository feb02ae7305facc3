// What the server has done, as Prometheus reads it (text exposition format 0.0.4). Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace bloodcell::serve {

class Counters {
 public:
  // One answered request. `route` is its pattern or `none`.
  void request(std::string_view route, int status, double seconds, std::uint64_t bytes_in,
               std::uint64_t bytes_out);
  void refused(std::string_view why);  // `connections`, `queue`, `memory`
  void picture(std::string_view status);
  void cell(std::string_view label);

  // Read at the moment of asking: connections, queue, held bytes.
  void gauge(std::string name, std::string what, std::function<double()> read);

  [[nodiscard]] std::string text() const;

 private:
  static constexpr std::array<double, 10> kBounds{0.001, 0.0025, 0.005, 0.01, 0.025,
                                                  0.05,  0.1,    0.25,  1,    10};
  struct Times {
    std::array<std::uint64_t, kBounds.size()> within{};  // each bound's own, not added up
    std::uint64_t count = 0;
    double seconds = 0;
  };
  struct Gauge {
    std::string what;
    std::function<double()> read;
  };
  using Tally = std::map<std::string, std::uint64_t, std::less<>>;

  mutable std::mutex mutex_;  // guards all below
  std::map<std::pair<std::string, int>, std::uint64_t> requests_;
  std::map<std::string, Times, std::less<>> times_;
  Tally refused_;
  Tally pictures_;
  Tally cells_;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  std::map<std::string, Gauge> gauges_;
};

}  // namespace bloodcell::serve
