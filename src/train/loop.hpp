// The training loop: epochs of steps, each epoch judged, checkpoints between.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/data/loader.hpp>
#include <bloodcell/train/learner.hpp>
#include <bloodcell/train/run_directory.hpp>
#include <bloodcell/train/teachers.hpp>
#include <bloodcell/train/train.hpp>
#include <bloodcell/train/transfer.hpp>

#include "checkpoint.hpp"
#include "features.hpp"
#include "validation.hpp"

namespace bloodcell::train {

struct Parts {
  std::vector<std::size_t> train;
  std::vector<std::size_t> validation;
};

// Of a frozen backbone: none are kept where they are empty.
struct KeptFeatures {
  std::unique_ptr<Features> train;
  std::unique_ptr<Features> validation;
};

class Loop {
 public:
  // All that is handed in by reference outlives the loop.
  Loop(const Context& context, const RunDirectory& run, const data::Dataset& dataset,
       const Parts& parts, Learner learner, std::optional<Teachers> teachers, KeptFeatures features,
       std::vector<LearningStage> stages, Group& group);

  // Takes up the run's checkpoint, if there is one.
  [[nodiscard]] Result<void> resume(const Limits& limits);
  [[nodiscard]] Result<Summary> run(const EpochListener& on_epoch);

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] const Config& config() const { return run_.config(); }
  [[nodiscard]] bool finished() const;
  [[nodiscard]] bool is_best(const EpochRecord& record) const;
  [[nodiscard]] double learning_rate(std::int64_t steps) const;
  [[nodiscard]] Summary summary() const;

  [[nodiscard]] Result<void> fill_features();
  [[nodiscard]] Result<void> check_weights_are_the_same();
  [[nodiscard]] Result<LabelledLogits> judge_all();
  void unfreeze();
  [[nodiscard]] Result<void> learn_epoch();
  [[nodiscard]] Result<std::optional<data::Batch>> next_batch();
  [[nodiscard]] Result<void> learn_batch(data::Batch& batch);
  [[nodiscard]] Result<StepResult> step(data::Batch& batch);
  [[nodiscard]] Error told_of_batch(Error error, const data::Batch& batch) const;
  [[nodiscard]] Result<EpochRecord> judge_epoch();
  [[nodiscard]] Result<void> tell_tensorboard(const EpochRecord& record) const;
  [[nodiscard]] Result<void> close_epoch(const EpochRecord& record);
  void count_time();
  [[nodiscard]] Result<void> save();
  [[nodiscard]] Result<void> restore_best();
  [[nodiscard]] tl::unexpected<Error> stop();
  void show_progress(double loss) const;

  const Context& context_;
  const RunDirectory& run_;
  const data::Dataset& dataset_;
  const Parts& parts_;
  Group& group_;
  KeptFeatures features_;
  std::size_t epoch_images_;
  data::Loader loader_;
  data::BatchShare watched_;  // of the validation pictures, by this process
  data::Loader validation_loader_;
  Learner learner_;
  std::optional<Teachers> teachers_;
  std::vector<LearningStage> stages_;
  RunState state_;
  std::vector<image::Image> pictures_;  // of the epoch's first batch, for TensorBoard
  Clock::time_point last_save_ = Clock::now();
  Clock::time_point counted_to_ = Clock::now();
};

}  // namespace bloodcell::train
