// A checkpoint: all that a run needs to go on as if it had never stopped, in one safetensors file:
// tensors `model.<parameter>`, `ema.<parameter>` (the averaged weights), `adam.m.<parameter>`,
// `adam.v.<parameter>` or `sgd.velocity.<parameter>`; metadata `state` as JSON.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/graph/weights.hpp>
#include <bloodcell/train/learner.hpp>
#include <bloodcell/train/run_directory.hpp>

namespace bloodcell::train {

// Where a run stands, between two steps.
struct RunState {
  int epoch = 1;                 // the one under way, from 1
  std::uint64_t next_batch = 0;  // of it
  double loss_sum = 0;           // over the images of this epoch so far
  std::uint64_t right = 0;
  std::uint64_t seen = 0;
  double gradient_norm_sum = 0;      // over the steps of this epoch so far
  double seconds = 0;                // spent on this epoch so far; not part of what must repeat
  double training_seconds = 0;       // the part of it spent on steps
  double waiting_seconds = 0;        // and on waiting for pictures
  int best_epoch = 0;                // 0: none yet
  std::vector<EpochRecord> history;  // of epochs 1 … epoch − 1
};

struct Checkpoint {
  RunState state;
  LearnerState learner;
};

// Written whole or not at all.
[[nodiscard]] Result<void> save_checkpoint(const std::filesystem::path& path, const Config& config,
                                           Checkpoint checkpoint);

// Errors: malformed (not a checkpoint, or one that contradicts itself), mismatch (of another
// configuration), limit_exceeded. Whether the tensors fit the network is Learner::restore's to say.
[[nodiscard]] Result<Checkpoint> load_checkpoint(const std::filesystem::path& path,
                                                 const Config& config, const Limits& limits);

// The same of bytes that were read from `path`, here or by another process.
[[nodiscard]] Result<Checkpoint> checkpoint_from(std::span<const std::byte> bytes,
                                                 const std::filesystem::path& path,
                                                 const Config& config, const Limits& limits);

// The best epoch's weights with its validation figures, which are all but the times.
[[nodiscard]] Result<void> save_best(const std::filesystem::path& path, const Config& config,
                                     const EpochRecord& record, graph::Weights weights);

struct BestWeights {
  int epoch = 0;
  double validation_loss = 0;
  double validation_accuracy = 0;
  double validation_family_accuracy = 0;
  double validation_macro_f1 = 0;
  graph::Weights weights;
};
[[nodiscard]] Result<BestWeights> load_best(const std::filesystem::path& path,
                                            const Limits& limits);

}  // namespace bloodcell::train
