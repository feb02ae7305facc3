// What the options of `train` ask for → a new run: settings, data, split, folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/data/split.hpp>
#include <bloodcell/train/run_directory.hpp>

namespace bloodcell::training {

struct NewRunOptions {
  train::Config config;  // all but the preprocessing, the head's norm and the files' hashes
  bool head_without_norm = false;
  std::string weights;  // a file to begin with; empty: none
  std::vector<std::string> teachers;
  std::string size;         // `320x240` or `96`; empty: the network's usual
  std::string input_scale;  // raw, unit, signed; empty: the network's usual
  double cell_margin = 0;   // as in image::Preprocessing
  double white_point = 0;
  std::string data;
  std::string families;
  std::string split;  // a file; empty: made by family
  std::string run;    // the folder; empty: runs/<network>-<first free number>
  std::string test_part;
  double validation = 0.15;
  double test = 0.15;
  bool allow_leak = false;
};

struct OpenRun {
  train::RunDirectory directory;
  data::Dataset dataset;
};

// What the options say of the run itself. Errors: usage; those of the files it begins with.
[[nodiscard]] Result<train::Config> config_of(const Context& context, const NewRunOptions& options);

// The run in the folder, if it is one of these settings. Errors: mismatch.
[[nodiscard]] Result<train::RunDirectory> reopen_run(const Context& context,
                                                     const std::filesystem::path& folder,
                                                     const train::Config& config);

// Errors: usage; leak; those of the data and the split.
[[nodiscard]] Result<OpenRun> start_run(const Context& context, const NewRunOptions& options);

// The run in options.run, begun if it is not there. Errors: those of reopen_run and start_run.
[[nodiscard]] Result<OpenRun> start_or_reopen(const Context& context, const NewRunOptions& options);

struct Folds {
  data::Dataset dataset;
  std::vector<data::Split> splits;  // fold i is `validation`, the others teach
};
// Cross-validation by family within all that is not in the test part. Errors: those of start_run;
// usage (a class with fewer families than folds).
[[nodiscard]] Result<Folds> open_folds(const Context& context, const NewRunOptions& options,
                                       int count);

}  // namespace bloodcell::training
