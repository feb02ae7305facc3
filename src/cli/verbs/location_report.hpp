// `bloodcell locate --truth` and `--nucleus-truth`: how well drawn boxes and drawn nuclei are
// found.
#pragma once

#include <string>

#include <bloodcell/cli/application.hpp>
#include <bloodcell/locate/locator.hpp>

namespace bloodcell::cli {

// `only`: a file of names, one a line, each a file of the set or <set>/<file>; empty: all fields.
[[nodiscard]] Result<int> report_location(const Job& job, const locate::Locator& locator,
                                          const std::string& set, const std::string& only);

// The same for the masks of nuclei that labels.csv names.
[[nodiscard]] Result<int> report_nuclei(const Job& job, const locate::Locator& locator,
                                        const std::string& set, const std::string& only);

}  // namespace bloodcell::cli
