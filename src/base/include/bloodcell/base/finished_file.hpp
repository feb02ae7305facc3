// The last step of a file that was written piece by piece under another name.
#pragma once

#include <filesystem>

#include <bloodcell/base/result.hpp>

namespace bloodcell {

// Syncs `temporary`, renames it over `path` in the same folder, syncs the folder: a reader sees the
// old file or the whole new one. On failure `temporary` stays.
[[nodiscard]] Result<void> move_into_place(const std::filesystem::path& temporary,
                                           const std::filesystem::path& path);

}  // namespace bloodcell
