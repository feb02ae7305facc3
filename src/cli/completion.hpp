// Completion scripts, made from CLI11's tree: verbs, nested verbs, options, closed lists of values,
// and files where a file or folder is meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include <common_options.hpp>

namespace bloodcell::cli {

// shell: bash, zsh or fish.
[[nodiscard]] std::string completion_script(const CLI::App& root,
                                            const std::vector<PartOption>& parts,
                                            const UsesByVerb& uses, std::string_view shell);

}  // namespace bloodcell::cli
