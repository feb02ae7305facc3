#include "text.hpp"

#include <chrono>
#include <ctime>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/hash.hpp>

namespace bloodcell::serve {

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

bool is_utf8(std::string_view text) {
  try {
    return !nlohmann::json(text).dump().empty();
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

bool is_same_secret(std::string_view given, std::string_view secret) {
  // Digests are of one length, so that neither length nor first difference shows in the time.
  const std::string left = sha256(as_bytes_of(given));
  const std::string right = sha256(as_bytes_of(secret));
  unsigned different = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    different |= static_cast<unsigned>(left[i] ^ right[i]);
  }
  return different == 0;
}

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

}  // namespace bloodcell::serve
