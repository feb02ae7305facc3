// Characters of a text, as people and JSON Schema count them.
#pragma once

#include <cstddef>
#include <string_view>

namespace bloodcell {

// Code points of valid UTF-8. O(bytes).
[[nodiscard]] constexpr std::size_t characters_of(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++count;  // the rest go on with one
  }
  return count;
}

}  // namespace bloodcell
