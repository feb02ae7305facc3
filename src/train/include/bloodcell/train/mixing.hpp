// Pictures of a batch laid over or into each other, labels with them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <bloodcell/base/random.hpp>

namespace bloodcell::train {

struct MixingOptions {
  double mixup = 0;  // α of Beta(α, α), in 0.05 … 1: pictures blended (Zhang et al. 2018); 0: never
  double cutmix = 0;  // the same: a rectangle of another picture (Yun et al. 2019)
};

struct MixedLabels {
  std::vector<float> shares;         // count × classes, rows sum to 1
  std::vector<std::int64_t> labels;  // of the larger part
};

// Changes `images` (labels.size() × 3 × height × width) in place: each gets a partner from the
// batch and all the same share; with both options the method is drawn, each with chance 1/2. A
// rectangle's share is its area after it was cut at the border. Depends on `random` alone.
[[nodiscard]] MixedLabels mix(std::span<float> images, std::span<const std::int64_t> labels,
                              int height, int width, int classes, const MixingOptions& options,
                              Random random);

}  // namespace bloodcell::train
