// The model a verb works with and how it runs.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include <bloodcell/base/context.hpp>
#include <bloodcell/predict/predictor.hpp>
#include <verbs/foreign_options.hpp>

namespace bloodcell::cli {

struct ModelOptions {
  std::string model;
  int batch = 16;
  std::string precision = "auto";
  std::string locator;
  std::string cache;
  bool reads_once = false;
  predict::JudgeOptions judge;
  ForeignOptions foreign;  // only of verbs that call add_foreign_options
};

// --precision. Both outlive the command.
void add_precision_option(CLI::App& command, std::string& precision, const char* what);
[[nodiscard]] infer::Precision precision_of(const std::string& option);

// --model, --batch, --precision, --no-second, --locator, --cache. `options` outlives the command.
void add_model_options(CLI::App& command, ModelOptions& options);

// --classes.
void add_classes_option(CLI::App& command, ModelOptions& options);

// --min-confidence, for verbs that tell unidentified cells.
void add_confidence_option(CLI::App& command, ModelOptions& options);

[[nodiscard]] predict::Options predict_options(const ModelOptions& options);

// Finds, reads and compiles the model. Errors carry its path.
[[nodiscard]] Result<predict::Predictor> open_predictor(const Context& context,
                                                        const ModelOptions& options,
                                                        const predict::Options& how);

// A locator's file, or a classifier's with one within.
[[nodiscard]] Result<model_file::ModelFile> load_locator(const Context& context,
                                                         const std::filesystem::path& path);

// The named locator, or the shipped one: a locator's file, or a classifier's with one within. The
// cache is the usual one. Errors carry its path.
[[nodiscard]] Result<locate::Locator> open_locator(const Context& context, const std::string& named,
                                                   locate::LocatorOptions options = {});

}  // namespace bloodcell::cli
