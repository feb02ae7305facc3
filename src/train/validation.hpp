// How well a network does on the samples that watch the training.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/data/loader.hpp>
#include <bloodcell/train/run_directory.hpp>

namespace bloodcell::train {

// images, count -> count × classes logits, in evaluation mode.
using LogitsOf = std::function<Result<std::vector<float>>(std::span<const float>, int)>;

struct LabelledLogits {
  std::vector<float> logits;         // rows × classes
  std::vector<int> truths;           // a row
  std::vector<std::size_t> samples;  // a row: positions in Dataset::samples
};

// Runs the loader's epoch 0 through the network. Errors: the loader's, the network's, and internal
// for a logit that is not finite, naming the picture.
[[nodiscard]] Result<LabelledLogits> collect_logits(const Context& context,
                                                    const data::Dataset& dataset,
                                                    data::Loader& loader, const LogitsOf& network);

// Cross entropy without smoothing, natural logarithm, in double.
[[nodiscard]] double mean_cross_entropy(const LabelledLogits& found);

// Fills in the validation figures of `record`.
void judge(const data::Dataset& dataset, const LabelledLogits& found, EpochRecord& record);

}  // namespace bloodcell::train
