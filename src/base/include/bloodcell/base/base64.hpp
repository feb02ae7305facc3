// Bytes as text (RFC 4648, padded): pictures inside a page, numbers inside JSON.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/result.hpp>

namespace bloodcell {

[[nodiscard]] std::string base64(std::span<const std::byte> content);

// Errors: malformed (another character, a length that is no multiple of 4, padding elsewhere than
// at the end).
[[nodiscard]] Result<Bytes> from_base64(std::string_view text);

}  // namespace bloodcell
