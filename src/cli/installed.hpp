// What lies beside the program: the training program, the shipped model.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <bloodcell/base/result.hpp>

namespace bloodcell::cli {

// The folder this program runs from.
[[nodiscard]] std::filesystem::path program_folder();

// A program of ours: beside this one, in ../libexec/bloodcell, or on the PATH.
[[nodiscard]] std::optional<std::filesystem::path> find_program(const std::string& name);

// `named` when not empty; else $BLOODCELL_MODEL; else the first *.onnx by name in models/ beside
// the program, in ../share/bloodcell/models or in the source tree. Errors: not_found, with the
// places looked at.
[[nodiscard]] Result<std::filesystem::path> find_model(const std::string& named);

// The same for the model file that finds cells: $BLOODCELL_LOCATOR, `*.locator.onnx`, which
// find_model() passes over.
[[nodiscard]] Result<std::filesystem::path> find_locator(const std::string& named);

}  // namespace bloodcell::cli
