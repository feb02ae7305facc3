#include <bloodcell/base/unrepeatable.hpp>

#include <chrono>
#include <ctime>
#include <random>

#include <fmt/format.h>

namespace bloodcell {

std::string time_now() {
  using namespace std::chrono;
  const auto now = system_clock::now();
  const std::time_t seconds = system_clock::to_time_t(now);
  const auto part = duration_cast<milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, part);
}

std::string random_name(int bytes) {
  std::random_device device;
  std::string name;
  for (int i = 0; i < bytes; ++i) name += fmt::format("{:02x}", device() & 0xFFU);
  return name;
}

}  // namespace bloodcell
