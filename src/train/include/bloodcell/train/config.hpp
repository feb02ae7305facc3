// All that decides a training run, and its JSON form in the run directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <bloodcell/base/result.hpp>
#include <bloodcell/image/preprocess.hpp>

namespace bloodcell::train {

// A file that a run depends on besides its pictures.
struct SourceFile {
  std::string path;    // absolute; empty: none
  std::string sha256;  // of its bytes
  friend bool operator==(const SourceFile&, const SourceFile&) = default;
};

struct Config {
  std::string architecture = "baseline";
  image::Preprocessing preprocessing;  // its size is the network's input
  std::string augmentation = "none";   // data::augmentation_named

  double mixup = 0;   // α of blended pictures: mixing.hpp; 0: none
  double cutmix = 0;  // α of pasted rectangles; 0: none

  std::string head = "own";     // the architecture's, or a new one on `pooled` or `flat` features:
  int head_layers = 1;          // graph::with_head; hidden ones
  int head_width = 512;         // of each
  bool head_batch_norm = true;  // after each
  double head_dropout = 0.5;    // after each
  double head_l2 = 1e-4;        // of their kernels, in the loss

  bool input_norm = false;  // each picture's own light and contrast go first: with_input_norm

  SourceFile weights;                 // to begin with; none: drawn from the seed
  std::string freeze = "none";        // `backbone`, or the first layer that learns: transfer.hpp
  std::vector<std::string> unfreeze;  // `3=block4.conv1`, `5=all`: transfer.hpp
  bool freeze_norm = false;  // the backbone's batch norms keep the statistics that `weights` has
  // Of each picture's features under a frozen backbone, made once and kept; 0: one where nothing
  // draws (no augmentation, mixing, teacher or TensorBoard), else none are kept.
  int feature_variants = 0;
  double backbone_rate_factor = 1;  // of the learning rate, for all but the head

  std::vector<SourceFile> teachers;     // model files to learn from: teachers.hpp
  double distillation_weight = 0.5;     // of what they say in the loss; the labels have the rest
  double distillation_temperature = 2;  // their answers are softened by it

  std::string optimiser = "adamw";  // or `adam`, `sgd`: optimiser.hpp says how each decays
  double momentum = 0.9;            // of sgd
  bool nesterov = false;            // of sgd
  double learning_rate = 1e-3;
  std::string schedule = "constant";  // or `cosine`, `one-cycle`, `plateau`: see schedule.hpp
  double warmup_epochs = 0;           // may be a part of one
  double plateau_factor = 0.5;
  int plateau_patience = 3;  // epochs
  double weight_decay = 0;
  double clip_norm = 0;  // the gradients' length is cut to it; 0: never
  double ema_decay = 0;  // of averaged weights, which then are judged and exported; 0: none
  int batch = 32;        // pictures a step
  int accumulate = 1;    // parts that they go through the network in

  double label_smoothing = 0;
  std::string class_weights = "none";  // in the loss: `balanced`, or `basophil=2,monocyte=1.5`
  std::string sampling = "all";        // or `balanced`: an epoch is dealt to class, family, picture
  int epoch_images = 0;                // of a balanced epoch; 0: as many as there are

  int epochs = 20;
  int patience = 10;            // epochs without a better one; 0: never stop early
  int checkpoint_seconds = 60;  // between checkpoints within an epoch; 0: only after epochs
  bool tensorboard = false;     // event files in the run directory: tensorboard.hpp
  std::uint64_t seed = 42;
  std::string device = "auto";  // `cpu`, `cuda`; auto takes CUDA when the libtorch has it
  // What the best epoch is best in: also `validation_accuracy`, `validation_macro_f1`.
  std::string monitor = "validation_loss";
};

// Errors: usage, naming option and range.
[[nodiscard]] Result<void> check(const Config& config);

[[nodiscard]] nlohmann::json to_json(const Config& config);
// Reads what earlier versions wrote, too: a field that did not exist then has its default, which is
// what those versions did.
[[nodiscard]] Result<Config> config_from_json(const nlohmann::json& json);

}  // namespace bloodcell::train
