// All that decides a training run, and its JSON form in the run directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include <bloodcell/base/result.hpp>
#include <bloodcell/image/preprocess.hpp>

namespace bloodcell::train {

struct Config {
  std::string architecture = "baseline";
  image::Preprocessing preprocessing;  // its size is the network's input
  std::string augmentation = "none";   // data::augmentation_named
  double learning_rate = 1e-3;
  std::string schedule = "constant";  // or `cosine`: down to 0 over all steps
  double weight_decay = 0;            // decoupled (AdamW, Loshchilov & Hutter 2019)
  double label_smoothing = 0;
  int batch = 32;
  int epochs = 20;
  int patience = 10;            // epochs without a better validation loss; 0: never stop early
  int checkpoint_seconds = 60;  // between checkpoints within an epoch; 0: only after epochs
  std::uint64_t seed = 42;
  std::string device = "auto";  // `cpu`, `cuda`; auto takes CUDA when the libtorch has it
  std::string monitor =
      "validation_loss";  // or `validation_accuracy`: what the best epoch is best in
};

// Errors: usage, naming option and range.
[[nodiscard]] Result<void> check(const Config& config);

[[nodiscard]] nlohmann::json to_json(const Config& config);
[[nodiscard]] Result<Config> config_from_json(const nlohmann::json& json);

}  // namespace bloodcell::train
