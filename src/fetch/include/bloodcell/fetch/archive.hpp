// A ZIP archive from outside, unpacked: every name stays below the folder, nothing is a link, and
// what it may become is limited before it is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>

namespace bloodcell::fetch {

struct ArchiveLimits {
  std::size_t max_entries = 2'000'000;
  std::uint64_t max_bytes = 64ULL << 30;  // of all files, unpacked
  std::uint64_t max_ratio =
      1000;  // of an entry over 1 MiB, unpacked to packed; DEFLATE ends at 1032
};

struct Unpacked {
  std::size_t files = 0;
  std::uint64_t bytes = 0;
};

// folder must not exist; it appears whole or not at all. Errors: usage (the folder exists),
// malformed (no ZIP, cut, damaged, a name that leads outside, a link, a name twice), unsupported
// (encrypted), limit_exceeded, unreadable (disk), cancelled.
[[nodiscard]] Result<Unpacked> unpack_zip(const Context& context,
                                          const std::filesystem::path& archive,
                                          const std::filesystem::path& folder,
                                          const ArchiveLimits& limits = {});

}  // namespace bloodcell::fetch
