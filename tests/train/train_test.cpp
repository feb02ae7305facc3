#include <bloodcell/train/train.hpp>

#include <cmath>
#include <numbers>

#include <nlohmann/json.hpp>

#include <bloodcell/base/folder_lock.hpp>

#include "small_run.hpp"

namespace bloodcell::train {
namespace {

namespace fs = std::filesystem;

Result<Summary> train_some_steps(const RunDirectory& run, const SmallSet& set, int steps,
                                 unsigned threads = 1) {
  OwnContext own(threads);
  StopAfter progress(steps, own.cancellation);
  const Context plain = own.get();
  return train({plain.log, plain.limits, plain.pool, plain.cancellation, progress}, run,
               set.dataset);
}

// The set is drawn once for all tests, the uninterrupted run made once.
class Training : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TemporaryFolder;
    set_ = new SmallSet(make_small_set(*folder_ / "set", 8));
    whole_ = new RunDirectory(make_run(*folder_ / "whole", small_config(), *set_));
    summary_ = new Result<Summary>(train_quietly(*whole_, *set_));
  }
  static void TearDownTestSuite() {
    delete summary_;
    delete whole_;
    delete set_;
    delete folder_;
  }
  RunDirectory new_run(const std::string& name, const Config& config = small_config()) {
    return make_run(*folder_ / name, config, *set_);
  }

  static inline test::TemporaryFolder* folder_ = nullptr;
  static inline SmallSet* set_ = nullptr;
  static inline RunDirectory* whole_ = nullptr;
  static inline Result<Summary>* summary_ = nullptr;
};

// 16 pictures of 8 families to learn from: 4 batches an epoch, the last of one picture.
constexpr int kBatches = 4;

TEST_F(Training, IsOneAtATime) {
  const auto run = new_run("alone");
  {
    const auto other = FolderLock::take(run.folder());
    ASSERT_OK(other);
    EXPECT_ERROR(train_quietly(run, *set_), ErrorCode::usage);
  }
  EXPECT_OK(train_quietly(run, *set_));
}

TEST_F(Training, RunsAllEpochsAndTellsTheBest) {
  ASSERT_OK(*summary_);
  EXPECT_EQ((*summary_)->epochs_run, 3);
  EXPECT_FALSE((*summary_)->stopped_early);
  const auto history = repeatable_history(*whole_);
  ASSERT_EQ(history.size(), 3U);
  const auto lowest = std::min_element(history.begin(), history.end(), [](auto& a, auto& b) {
    return a.validation_loss < b.validation_loss;
  });
  EXPECT_EQ((*summary_)->best_epoch, lowest->epoch);
  EXPECT_EQ((*summary_)->best.validation_loss, lowest->validation_loss);
  EXPECT_EQ(nlohmann::json::parse(bytes_of(whole_->folder() / "summary.json")),
            to_json(**summary_));
}

TEST_F(Training, RepeatsBitForBit) {
  const auto again = new_run("again");
  ASSERT_OK(train_quietly(again, *set_));
  expect_same_result(*whole_, again);
}

TEST_F(Training, StoppedAtAnyStepAndResumedEndsTheSame) {
  for (const int steps : {1, kBatches - 1, kBatches, kBatches + 2, 3 * kBatches}) {
    const auto run = new_run(fmt::format("stopped after {}", steps));
    const auto stopped = train_some_steps(run, *set_, steps);
    EXPECT_ERROR(stopped, ErrorCode::cancelled);
    EXPECT_THAT(stopped.error().remedy, testing::HasSubstr("--resume " + run.folder().string()));
    ASSERT_OK(train_quietly(run, *set_));
    expect_same_result(*whole_, run);
  }
}

TEST_F(Training, RepeatsWithTwoThreadsStoppedOrNot) {
  const auto run = new_run("two threads");
  const auto stopped = new_run("two threads stopped");
  ASSERT_OK(train_quietly(run, *set_, 2));
  EXPECT_ERROR(train_some_steps(stopped, *set_, kBatches + 1, 2), ErrorCode::cancelled);
  ASSERT_OK(train_quietly(stopped, *set_, 2));
  expect_same_result(run, stopped);
}

TEST_F(Training, StoppedAgainAndAgainEndsTheSame) {
  const auto run = new_run("stopped often");
  int sessions = 0;
  while (!train_some_steps(run, *set_, 2)) ASSERT_LT(++sessions, 20);
  EXPECT_GE(sessions, 3 * kBatches / 2 - 1);
  expect_same_result(*whole_, run);
}

TEST_F(Training, TakesTheBestWeightsFromTheCheckpointWhenStoppedBetweenTheTwo) {
  Config config = small_config();
  config.epochs = 1;
  const auto run = new_run("between", config);
  ASSERT_OK(train_quietly(run, *set_));
  const auto best = bytes_of(run.best_weights());
  fs::remove(run.best_weights());  // as if killed after the checkpoint
  fs::remove(run.folder() / "history.jsonl");
  ASSERT_OK(train_quietly(run, *set_));
  EXPECT_TRUE(bytes_of(run.best_weights()) == best);
  EXPECT_EQ(repeatable_history(run).size(), 1U);
}

TEST_F(Training, ResumedAtItsEndChangesNothing) {
  const auto checkpoint = bytes_of(whole_->last_checkpoint());
  const auto best = bytes_of(whole_->best_weights());
  const auto summary = train_quietly(*whole_, *set_);
  ASSERT_OK(summary);
  EXPECT_EQ(to_json(*summary), to_json(**summary_));
  EXPECT_TRUE(bytes_of(whole_->last_checkpoint()) == checkpoint);
  EXPECT_TRUE(bytes_of(whole_->best_weights()) == best);
}

TEST_F(Training, OpensTheRunFromItsFolderToResume) {
  const auto run = new_run("reopened");
  EXPECT_ERROR(train_some_steps(run, *set_, 5), ErrorCode::cancelled);
  const auto opened = RunDirectory::open(run.folder(), Limits{});
  ASSERT_OK(opened);
  ASSERT_OK(train_quietly(*opened, *set_));
  expect_same_result(*whole_, *opened);
}

TEST_F(Training, RemovesWhatAKilledProcessLeft) {
  Config config = small_config();
  config.epochs = 1;
  const auto run = new_run("leftovers", config);
  ASSERT_OK(write_text(run.folder() / ".last.safetensors.77.0.part", "half"));
  ASSERT_OK(train_quietly(run, *set_));
  EXPECT_FALSE(fs::exists(run.folder() / ".last.safetensors.77.0.part"));
}

TEST_F(Training, OtherSeedsGiveOtherResults) {
  Config config = small_config();
  config.seed = 43;
  config.epochs = 1;
  const auto run = new_run("seed 43", config);
  ASSERT_OK(train_quietly(run, *set_));
  EXPECT_NE(repeatable_history(run)[0].train_loss, repeatable_history(*whole_)[0].train_loss);
}

TEST_F(Training, LearningRateFallsAsACosine) {
  const auto history = repeatable_history(*whole_);
  const double total = 3 * kBatches;
  for (const auto& record : history) {
    const double last_step = record.epoch * kBatches - 1;
    EXPECT_NEAR(record.learning_rate,
                1e-3 * (1 + std::cos(std::numbers::pi * last_step / total)) / 2, 1e-12);
  }
}

// Each way to train that keeps a state of its own, or draws.
Config with_everything(int which) {
  Config config = small_config();
  if (which == 0) {
    config.optimiser = "sgd";
    config.nesterov = true;
    config.clip_norm = 1;
    config.ema_decay = 0.9;
    config.warmup_epochs = 0.5;
    config.sampling = "balanced";
    config.epoch_images = 17;  // 4 batches, pictures more than once
  } else {
    config.schedule = "plateau";
    config.mixup = 0.4;
    config.cutmix = 1;
    config.plateau_patience = 1;
    config.accumulate = 3;
    config.class_weights = "balanced";
    config.monitor = "validation_macro_f1";
  }
  return config;
}

TEST_F(Training, WithAllItsWaysStoppedAndResumedEndsTheSame) {
  for (const int which : {0, 1}) {
    const auto whole = new_run(fmt::format("ways {}", which), with_everything(which));
    ASSERT_OK(train_quietly(whole, *set_));
    const auto run = new_run(fmt::format("ways {} stopped", which), with_everything(which));
    for (const int steps : {1, 2, 3}) {
      EXPECT_ERROR(train_some_steps(run, *set_, steps), ErrorCode::cancelled);
    }
    ASSERT_OK(train_quietly(run, *set_));
    expect_same_result(whole, run);
  }
}

TEST_F(Training, KeepsTheAveragedWeightsAsTheBest) {
  Config config = small_config();
  config.ema_decay = 0.9;
  config.epochs = 1;
  const auto run = new_run("averaged", config);
  ASSERT_OK(train_quietly(run, *set_));
  const auto last = tensors_of(run.last_checkpoint()).weights;
  for (const auto& [name, tensor] : tensors_of(run.best_weights()).weights) {
    EXPECT_TRUE(last.at("ema." + name) == tensor) << name;
  }
  EXPECT_FALSE(last.at("ema.logits.weight") == last.at("model.logits.weight"));
}

TEST_F(Training, RecordsEachClassAndTheMemory) {
  const auto history = whole_->read_history(Limits{});
  ASSERT_OK(history);
  for (const auto& record : *history) {
    ASSERT_EQ(record.classes.size(), 2U);
    EXPECT_NEAR((record.classes[0].recall + record.classes[1].recall) / 2,
                record.validation_macro_recall, 1e-12);
    EXPECT_NEAR((record.classes[0].precision + record.classes[1].precision) / 2,
                record.validation_macro_precision, 1e-12);
    EXPECT_GT(record.gradient_norm, 0);
    EXPECT_GT(record.peak_memory_mb, 10);
    EXPECT_GE(record.waiting_seconds, 0);
    EXPECT_LE(record.waiting_seconds, record.seconds);
  }
}

TEST_F(Training, StopsEarlyAndKeepsTheBestEpochsWeights) {
  // A rate this large with a constant schedule soon makes an epoch worse than the one before.
  Config config = small_config();
  config.schedule = "constant";
  config.learning_rate = 0.05;
  config.patience = 2;
  config.epochs = 60;
  const auto run = new_run("early", config);
  const auto summary = train_quietly(run, *set_);
  ASSERT_OK(summary);
  ASSERT_TRUE(summary->stopped_early);
  EXPECT_EQ(summary->epochs_run, summary->best_epoch + 2);

  // The best weights are those of a run that ends with that epoch.
  config.epochs = summary->best_epoch;
  const auto until_best = new_run("until best", config);
  ASSERT_OK(train_quietly(until_best, *set_));
  const auto last = tensors_of(until_best.last_checkpoint()).weights;
  for (const auto& [name, tensor] : tensors_of(run.best_weights()).weights) {
    ASSERT_TRUE(last.contains("model." + name)) << name;
    EXPECT_TRUE(last.at("model." + name) == tensor) << name;
  }
}

TEST_F(Training, WatchesAccuracyWhenAsked) {
  Config config = small_config();
  config.monitor = "validation_accuracy";
  config.epochs = 4;
  const auto run = new_run("accuracy", config);
  const auto summary = train_quietly(run, *set_);
  ASSERT_OK(summary);
  for (const auto& record : repeatable_history(run)) {
    EXPECT_LE(record.validation_accuracy, summary->best.validation_accuracy);
    if (record.epoch < summary->best_epoch) {
      EXPECT_LT(record.validation_accuracy, summary->best.validation_accuracy);
    }
  }
}

TEST_F(Training, TellsEachEpochOnceInOrder) {
  Config config = small_config();
  config.epochs = 2;
  const auto run = new_run("listener", config);
  OwnContext own(1);
  std::vector<int> epochs;
  ASSERT_OK(train(own.get(), run, set_->dataset,
                  [&](const EpochRecord& record) { epochs.push_back(record.epoch); }));
  EXPECT_THAT(epochs, testing::ElementsAre(1, 2));
}

TEST_F(Training, NamesEpochAndBatchOfALossThatIsNotFinite) {
  Config config = small_config();
  config.preprocessing.deviation.fill(1e-300);  // inputs beyond float
  const auto run = new_run("infinite", config);
  const auto result = train_quietly(run, *set_);
  EXPECT_ERROR(result, ErrorCode::internal);
  EXPECT_THAT(result.error().message,
              testing::ContainsRegex("epoch 1, batch 1 of 4 \\(.*png, .*png.*\\)"));
}

TEST_F(Training, RefusesAPictureThatIsNotTheOneSplit) {
  const test::TemporaryFolder folder;
  const auto set = make_small_set(folder / "set", 4);
  const auto run = make_run(folder / "run", small_config(), set);
  const auto entry = std::find_if(set.split.entries.begin(), set.split.entries.end(),
                                  [](const auto& each) { return each.part == "train"; });
  fs::copy_file(set.folder / set.split.entries.back().file, set.folder / entry->file,
                fs::copy_options::overwrite_existing);
  const auto result = train_quietly(run, set);
  EXPECT_ERROR(result, ErrorCode::mismatch);
  EXPECT_THAT(result.error().path, testing::EndsWith(entry->file));
}

TEST_F(Training, RefusesDataThatLackAPictureOfTheSplit) {
  SmallSet less = *set_;
  const auto entry = std::find_if(less.split.entries.begin(), less.split.entries.end(),
                                  [](const auto& each) { return each.part == "train"; });
  std::erase_if(less.dataset.samples,
                [&](const data::Sample& sample) { return sample.file == entry->file; });
  const auto run = new_run("less");
  const auto result = train_quietly(run, less);
  EXPECT_ERROR(result, ErrorCode::mismatch);
  EXPECT_THAT(result.error().path, testing::EndsWith(entry->file));
}

TEST_F(Training, RefusesOtherClasses) {
  SmallSet other = *set_;
  other.dataset.labels = {"lymphocyte", "monocyte"};
  EXPECT_ERROR(train_quietly(new_run("classes"), other), ErrorCode::mismatch);
}

TEST_F(Training, RefusesASplitWithNobodyToWatch) {
  SmallSet unwatched = *set_;
  for (auto& entry : unwatched.split.entries) entry.part = "train";
  const auto run = make_run(*folder_ / "unwatched", small_config(), unwatched);
  EXPECT_ERROR(train_quietly(run, unwatched), ErrorCode::not_found);
}

}  // namespace
}  // namespace bloodcell::train
