// The model a verb works with and how it runs.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include <bloodcell/base/context.hpp>
#include <bloodcell/predict/predictor.hpp>

namespace bloodcell::cli {

struct ModelOptions {
  std::string model;
  int batch = 16;
  std::string precision = "float32";
};

// --model, --batch, --precision. `options` outlives the command.
void add_model_options(CLI::App& command, ModelOptions& options);

[[nodiscard]] predict::Options predict_options(const ModelOptions& options);

// Finds, reads and compiles the model. Errors carry its path.
[[nodiscard]] Result<predict::Predictor> open_predictor(const Context& context,
                                                        const ModelOptions& options,
                                                        const predict::Options& how);

}  // namespace bloodcell::cli
