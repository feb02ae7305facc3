// Where compiled networks are kept from one start of the program to the next.
#pragma once

#include <filesystem>
#include <string>

namespace bloodcell::cli {

// `off`: empty, nothing is kept. A named folder: that. Empty: `bloodcell` in $XDG_CACHE_HOME, or
// else in ~/.cache (XDG Base Directory Specification 0.8: what is not absolute is as if unset);
// with neither, nothing is kept.
[[nodiscard]] std::filesystem::path cache_folder(const std::string& named);

}  // namespace bloodcell::cli
