// Whether the pictures are still those that the split recorded.
#pragma once

#include <string_view>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/data/split.hpp>

namespace bloodcell::train {

// Whether every file that the split has in `part` is among the samples. Errors: mismatch, naming
// the first that is not.
[[nodiscard]] Result<void> check_complete(const data::Dataset& dataset, const data::Split& split,
                                          std::string_view part,
                                          const std::vector<std::size_t>& samples);

// Hashes the samples' files, in parallel. Errors: mismatch, naming the first that differs; the
// first that cannot be read; cancelled.
[[nodiscard]] Result<void> check_contents(const Context& context, const data::Dataset& dataset,
                                          const data::Split& split,
                                          const std::vector<std::size_t>& samples);

}  // namespace bloodcell::train
