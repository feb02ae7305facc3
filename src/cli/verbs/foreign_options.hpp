// What has to be said of an ONNX file that others have exported.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <bloodcell/base/context.hpp>
#include <bloodcell/model_file/wrap.hpp>

namespace bloodcell::cli {

struct ForeignOptions {
  std::string labels;  // a file; empty: the model is one of ours
  std::string size;    // `224x224`; empty: the network's own
  std::string scaling = "unit";
  std::vector<double> mean;
  std::vector<double> deviation;
  std::string channels = "rgb";
  std::string layout = "nchw";
  std::string output = "logits";
  std::string fit = "stretch";
  bool operator==(const ForeignOptions&) const = default;
};

// --labels, --size, --scaling, --mean, --deviation, --channels, --layout, --output-is, --fit.
void add_foreign_options(CLI::App& command, ForeignOptions& options);

// Reads the network and its labels and wraps them. Errors carry the path.
[[nodiscard]] Result<model_file::ModelFile> load_foreign(const Context& context,
                                                         const std::filesystem::path& path,
                                                         const ForeignOptions& options);

}  // namespace bloodcell::cli
