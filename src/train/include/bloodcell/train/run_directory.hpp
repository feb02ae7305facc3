// The unit of memory: one folder holds all that is needed to repeat, resume, judge and export a
// run.
//   config.json       what was asked, and where the data lie
//   split.json        who learnt and who judged, with hashes
//   audit.json        leaks and label conflicts of that split, counted
//   environment.json  versions, processor
//   history.jsonl     one line an epoch; history.csv says the same, history_classes.csv each class
//   last.safetensors  the latest checkpoint
//   best.safetensors  the best epoch's weights
//   summary.json      when finished: best epoch, figures, wall time
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/split.hpp>
#include <bloodcell/graph/graph.hpp>
#include <bloodcell/train/config.hpp>

namespace bloodcell::train {

// What the validation says of one class; 0 where the class has no image there.
struct ClassRecord {
  double precision = 0;
  double recall = 0;           // images
  double family_accuracy = 0;  // mean probability over a family's images of the class
};

struct EpochRecord {
  int epoch = 0;             // from 1
  double learning_rate = 0;  // at its last step
  double train_loss = 0;
  double train_accuracy = 0;
  double gradient_norm = 0;  // mean over the steps, before clipping
  double validation_loss = 0;
  double validation_accuracy = 0;         // images
  double validation_family_accuracy = 0;  // mean probability over a family's images
  double validation_macro_precision = 0;
  double validation_macro_recall = 0;
  double validation_macro_f1 = 0;
  std::vector<ClassRecord> classes;  // in the labels' order
  // Not part of what must repeat:
  double seconds = 0;
  double images_per_second = 0;  // of training alone
  double waiting_seconds = 0;    // for pictures, while training
  double peak_memory_mb = 0;     // of the process so far, resident; 10^6 bytes
};

// Numbers keep every bit.
[[nodiscard]] nlohmann::json to_json(const EpochRecord& record);

class RunDirectory {
 public:
  // Makes the folder and writes config, split, audit, environment. Errors: usage (a run is there
  // already:
  // `--resume` or another name; settings that make no network), unreadable.
  [[nodiscard]] static Result<RunDirectory> create(const std::filesystem::path& folder,
                                                   const Config& config, const data::Split& split,
                                                   const std::filesystem::path& data);
  [[nodiscard]] static Result<RunDirectory> open(const std::filesystem::path& folder,
                                                 const Limits& limits);

  // Takes away what create() made, and the folder when nothing else is in it, so that a run which
  // never learned does not stand in the way of the mended one. Does nothing once there is a
  // checkpoint.
  void forget_unless_begun() const;

  // Folder, configuration and split as one text, for the other processes of a group, and back.
  [[nodiscard]] std::string as_text() const;
  [[nodiscard]] static Result<RunDirectory> from_text(std::string_view text);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const data::Split& split() const { return split_; }
  [[nodiscard]] const std::filesystem::path& data() const { return data_; }  // absolute
  [[nodiscard]] std::filesystem::path last_checkpoint() const;
  [[nodiscard]] std::filesystem::path best_weights() const;

  // History is rewritten whole, so that it never says more than the checkpoint does.
  [[nodiscard]] Result<void> write_history(const std::vector<EpochRecord>& history) const;
  [[nodiscard]] Result<std::vector<EpochRecord>> read_history(const Limits& limits) const;

 private:
  std::filesystem::path folder_;
  Config config_;
  data::Split split_;
  std::filesystem::path data_;
};

// The network that the configuration and the split's labels describe. Errors: usage (an input that
// the architecture cannot take).
[[nodiscard]] Result<graph::Graph> graph_of(const Config& config,
                                            const std::vector<std::string>& labels);

}  // namespace bloodcell::train
