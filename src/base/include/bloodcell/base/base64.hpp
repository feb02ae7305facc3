// Bytes as text (RFC 4648, padded): pictures inside a page.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace bloodcell {

[[nodiscard]] std::string base64(std::span<const std::byte> content);

}  // namespace bloodcell
