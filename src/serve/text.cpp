#include "text.hpp"

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

}  // namespace bloodcell::serve
