// The hashes of many files, in parallel. Private to the layer.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>

namespace bloodcell::data {

// One for each path, in their order: the sha256, or why the file could not be read. Tells progress.
// Errors: cancelled.
[[nodiscard]] Result<std::vector<Result<std::string>>> hash_files(
    const Context& context, const std::vector<std::filesystem::path>& paths);

}  // namespace bloodcell::data
