// Checksums as others publish them, of files of any size, in lower-case hexadecimal digits:
// SHA-256 (FIPS 180-4, 64 digits); MD5 (RFC 1321, 32 digits) only where nothing better is given.
#pragma once

#include <filesystem>
#include <string>

#include <bloodcell/base/result.hpp>

namespace bloodcell {

enum class Digest { sha256, md5 };

// Read in pieces. Errors: not_found, unreadable (no permission, a folder, a pipe).
[[nodiscard]] Result<std::string> digest_of_file(const std::filesystem::path& path, Digest digest);

}  // namespace bloodcell
