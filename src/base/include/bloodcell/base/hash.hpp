// SHA-256 (FIPS 180-4) as 64 lower-case hexadecimal digits: names of contents in splits, runs and
// models.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include <bloodcell/base/result.hpp>

namespace bloodcell {

[[nodiscard]] std::string sha256(std::span<const std::byte> content);
[[nodiscard]] Result<std::string> sha256_of_file(const std::filesystem::path& path,
                                                 std::uint64_t max_bytes);

}  // namespace bloodcell
