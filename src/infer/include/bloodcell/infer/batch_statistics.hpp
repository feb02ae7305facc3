// Batch normalisation by the pictures at hand: what its means and variances would be in another
// laboratory (adaptive batch normalisation, Li et al. 2016; mixed with those of training, Schneider
// et al. 2020).
#pragma once

#include <span>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/model_file/retouch.hpp>

namespace bloodcell::infer {

// Every normalisation's statistics as (1 − share) times the file's and share times those of the
// pictures, each layer seeing what the layers before it make with their new statistics. One pass;
// memory grows with the pictures (compact: 1 MB each). input: pictures × 3 × H × W as preprocess()
// makes them; share in (0, 1]; threads ≥ 1. Empty where the network has no batch norm. Errors:
// usage (wrong length), malformed, internal (the engine failed).
[[nodiscard]] Result<std::vector<model_file::NormStatistics>> batch_statistics(
    const model_file::ModelFile& file, std::span<const float> input, int pictures, double share,
    unsigned threads);

}  // namespace bloodcell::infer
