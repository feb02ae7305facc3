// What a search over training runs is told, and how its study keeps it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/train/config.hpp>
#include <bloodcell/tune/space.hpp>

#include "new_run.hpp"

namespace bloodcell::training {

struct TuneSettings {
  std::string model = "compact";
  std::string weights;  // published ones that every trial begins with; empty: none
  std::string data;
  std::string families;
  std::string split;
  std::string size;
  std::string test_part;
  double validation = 0.15;
  double test = 0.15;
  bool allow_leak = false;
  int folds = 0;  // a trial's value is the mean over so many; 0: one validation part
  int epochs = 20;
  std::string device = "auto";
  std::string space;  // a TOML text; see docs/tuning.md
  std::string monitor = "validation_macro_f1";
  std::string sampler = "tpe";
  std::string pruner = "usual";  // median, with folds wilcoxon
  int warmup_epochs = 0;         // of the median pruner: never judged
  int trials = 30;               // that the study shall have
  std::uint64_t seed = 42;
};

// The JSON kept in the study. Reads what earlier versions wrote, too: a field that did not exist
// then has its default. Errors of reading: malformed.
[[nodiscard]] std::string to_json(const TuneSettings& settings);
[[nodiscard]] Result<TuneSettings> settings_from_json(const std::string& text);

struct TuneSpace {
  tune::NamedValues fixed;  // settings of every run
  tune::Space searched;
};
// The space of a TOML text. Errors: usage, naming the parameter; malformed TOML with its line.
[[nodiscard]] Result<TuneSpace> space_of(const std::string& toml);

// Used where no file tells a space. From nothing: rate, weight decay and label smoothing. With
// weights, the student project's: a head on a frozen backbone, its rate, layers, width, dropout,
// norm and L2.
[[nodiscard]] const char* usual_space(bool with_weights);

[[nodiscard]] tune::Direction direction_of(const std::string& monitor);
[[nodiscard]] Result<std::unique_ptr<tune::Sampler>> sampler_of(const TuneSettings& settings,
                                                                const tune::Space& space);
[[nodiscard]] Result<std::unique_ptr<tune::Pruner>> pruner_of(const TuneSettings& settings);

// The run of a trial: the settings with the fixed and the suggested values in its configuration.
// Names are those of config.json, `preprocessing` left out; `size` too. Errors: usage.
[[nodiscard]] Result<NewRunOptions> run_of(const TuneSettings& settings,
                                           const tune::NamedValues& fixed,
                                           const tune::NamedValues& suggested);

}  // namespace bloodcell::training
