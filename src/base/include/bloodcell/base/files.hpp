// Reading with limits, writing so that a reader sees the old file or the new one and never half of
// it, and walking folders without falling into a loop of links.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>

namespace bloodcell {

using Bytes = std::vector<std::byte>;

// The whole file. Errors: not_found, unreadable (no permission, a folder, a pipe), limit_exceeded.
[[nodiscard]] Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t max_bytes);
[[nodiscard]] Result<std::string> read_text(const std::filesystem::path& path,
                                            std::uint64_t max_bytes);

// Writes to a temporary name in the same folder, syncs it, renames it over `path`, syncs the
// folder. Creates missing parent folders. On failure the old file is untouched and no temporary is
// left.
[[nodiscard]] Result<void> write_file(const std::filesystem::path& path,
                                      std::span<const std::byte> content);
[[nodiscard]] Result<void> write_text(const std::filesystem::path& path, std::string_view content);

struct WalkedFiles {
  std::vector<std::filesystem::path> files;  // sorted by name, so the order is the same everywhere
  std::vector<Error> problems;               // folders that could not be opened, loops of links
};

// All regular files below a folder. Links are followed; one that leads back into a folder being
// walked is a problem, not a loop. Hidden files (leading dot) are left out.
// Errors: not_found, limit_exceeded (files, depth).
[[nodiscard]] Result<WalkedFiles> walk_folder(const std::filesystem::path& folder,
                                              const Limits& limits);

// Looks, never keeps: the text as bytes.
[[nodiscard]] std::span<const std::byte> as_bytes_of(std::string_view text);

}  // namespace bloodcell
