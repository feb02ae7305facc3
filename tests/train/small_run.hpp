// Small sets of made-up cells and runs over them, for the tests of train.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/data/split.hpp>
#include <bloodcell/data/synthetic.hpp>
#include <bloodcell/graph/weights.hpp>
#include <bloodcell/test/support.hpp>
#include <bloodcell/train/train.hpp>

namespace bloodcell::train {

struct SmallSet {
  std::filesystem::path folder;
  data::Dataset dataset;
  data::Split split;
};

// Two classes that differ at first sight, `cells` of each in two copies: families of two.
inline SmallSet make_small_set(const std::filesystem::path& folder, int cells,
                               std::vector<std::string> labels = {"lymphocyte", "platelet"}) {
  OwnContext own(2);
  data::SyntheticSetOptions options;
  options.cells_per_class = cells;
  options.copies_per_cell = 2;
  options.side_px = 48;
  options.labels = std::move(labels);
  EXPECT_OK(data::write_synthetic_set(own.get(), folder, options));
  auto dataset = data::open_dataset(own.get(), folder, {folder / "families.csv", {}});
  EXPECT_OK(dataset);
  data::SplitOptions shares;
  shares.validation = shares.test = 0.25;
  auto split = data::make_split(own.get(), *dataset, shares);
  EXPECT_OK(split);
  return {folder, std::move(*dataset), std::move(*split)};
}

// `compact` at 32 × 32: it has batch norm and dropout, and a step takes milliseconds.
inline Config small_config() {
  Config config;
  config.architecture = "compact";
  config.preprocessing.width_px = config.preprocessing.height_px = 32;
  config.preprocessing.mean.fill(127.5);
  config.preprocessing.deviation.fill(127.5);
  config.augmentation = "turn";
  config.schedule = "cosine";
  config.label_smoothing = 0.1;
  config.weight_decay = 0.01;
  config.batch = 5;
  config.epochs = 3;
  config.checkpoint_seconds = 0;
  return config;
}

inline SourceFile source_of(const std::filesystem::path& path) {
  return {path.string(), sha256_of_file(path, Limits{}.max_file_bytes).value_or("")};
}

inline RunDirectory make_run(const std::filesystem::path& folder, const Config& config,
                             const SmallSet& set) {
  auto run = RunDirectory::create(folder, config, set.split, set.folder);
  EXPECT_OK(run);
  return *run;
}

inline Result<Summary> train_quietly(const RunDirectory& run, const SmallSet& set,
                                     unsigned threads = 1) {
  OwnContext own(threads);
  return train(own.get(), run, set.dataset);
}

// Asks to stop at the n-th word of progress, which is after the n-th step of the session.
class StopAfter : public ProgressSink {
 public:
  StopAfter(int steps, Cancellation& cancellation) : left_(steps), cancellation_(cancellation) {}
  void update(const ProgressStep&) override {
    if (--left_ == 0) cancellation_.request();
  }
  void finish() override {}

 private:
  int left_;
  Cancellation& cancellation_;
};

inline std::string bytes_of(const std::filesystem::path& path) {
  return read_text(path, Limits{}.max_file_bytes).value_or("unreadable");
}

inline graph::WeightsFile tensors_of(const std::filesystem::path& path) {
  auto file = graph::load_safetensors(path, Limits{});
  EXPECT_OK(file);
  return file.value_or(graph::WeightsFile{});
}

// The history without the times and the memory, which need not repeat.
inline std::vector<EpochRecord> repeatable_history(const RunDirectory& run) {
  auto history = run.read_history(Limits{});
  EXPECT_OK(history);
  for (auto& record : *history) {
    record.seconds = record.images_per_second = record.waiting_seconds = 0;
    record.peak_memory_mb = 0;
  }
  return *history;
}

inline bool operator==(const EpochRecord& a, const EpochRecord& b) {
  return to_json(a) == to_json(b);
}

// Same weights, same optimiser, same figures, bit for bit.
inline void expect_same_result(const RunDirectory& a, const RunDirectory& b) {
  EXPECT_TRUE(bytes_of(a.best_weights()) == bytes_of(b.best_weights())) << "best weights differ";
  EXPECT_TRUE(tensors_of(a.last_checkpoint()).weights == tensors_of(b.last_checkpoint()).weights)
      << "last weights or moments differ";
  EXPECT_TRUE(repeatable_history(a) == repeatable_history(b)) << "histories differ";
}

}  // namespace bloodcell::train
