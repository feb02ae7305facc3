// Cells as a network sees them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/model_file/trust.hpp>

namespace bloodcell::adapt {

struct Seen {
  std::vector<float> logits;      // [cells, labels]
  std::vector<float> embeddings;  // [cells, values]
  std::vector<float> means;       // [cells, channels of all maps]
};

// `input` is that of whole cells, one after the other; `batch` cells go through the network at
// once. maps: of which means are wanted (model_file::map_names).
[[nodiscard]] Result<Seen> see(const Context& context, const model_file::ModelFile& model,
                               const std::vector<float>& input, int batch,
                               const std::vector<std::string>& maps = {});

// How far each cell lies from the nearest known class.
[[nodiscard]] std::vector<double> distances_of(const Seen& seen,
                                               const model_file::Familiarity& familiarity);

// Their median; 0 of no cells.
[[nodiscard]] double median_distance(const Seen& seen, const model_file::Familiarity& familiarity);

// The first of the largest.
[[nodiscard]] int best_of(std::span<const float> logits);

}  // namespace bloodcell::adapt
