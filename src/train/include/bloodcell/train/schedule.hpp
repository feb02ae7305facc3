// The learning rate of each step.
#pragma once

#include <cstdint>
#include <vector>

#include <bloodcell/train/run_directory.hpp>

namespace bloodcell::train {

// What the monitored figure says of an epoch; more is better.
[[nodiscard]] double monitored(const Config& config, const EpochRecord& record);

struct RunPosition {
  std::int64_t steps = 0;  // that went before
  std::int64_t steps_per_epoch = 1;
  const std::vector<EpochRecord>* history = nullptr;  // of finished epochs; plateau alone asks
};

// Warm-up is linear from 0 and reaches the full rate with its last step; then
//   constant   the full rate
//   cosine     half a cosine down to 0 over the steps that are left (Loshchilov & Hutter 2017)
//   one-cycle  3/10 of the steps up from rate/25, the rest down to rate/250,000, both as half a
//              cosine (Smith & Topin 2018, with PyTorch's numbers); it takes no other warm-up
//   plateau    times plateau_factor after each plateau_patience epochs without a better one
// It depends on the position alone: nothing is remembered between two calls.
[[nodiscard]] double learning_rate_at(const Config& config, const RunPosition& position);

}  // namespace bloodcell::train
