// Splits for a judgement on everything there is: each part tests once.
#pragma once

#include <string>
#include <vector>

#include <bloodcell/data/dataset.hpp>
#include <bloodcell/data/split.hpp>

namespace bloodcell::train {

// A split whose parts are fold0 … fold<count−1> → the split of one round: `fold` tests, the next
// one watches (validation), the others teach. 0 ≤ fold < count, count ≥ 3. Cross-validation by
// family (Stone 1974), for make_split deals whole families.
[[nodiscard]] data::Split split_of_fold(const data::Split& folds, int fold, int count);

// A split in `train` and `validation` → the one that a laboratory tests: all samples of `source`
// are `test`, other samples of its families and of equal contents `unused`.
[[nodiscard]] data::Split split_without_source(const data::Dataset& dataset,
                                               const data::Split& split, const std::string& source);

// The sources of a set in alphabetical order, without the empty name.
[[nodiscard]] std::vector<std::string> sources_of(const data::Dataset& dataset);

}  // namespace bloodcell::train
