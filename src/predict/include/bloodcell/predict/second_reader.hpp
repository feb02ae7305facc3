// The larger network within a model file (model_file::SecondReading), which reads again the cells
// that the file's own is unsure of: a cascade (Viola and Jones 2001) whose answers are averaged.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>
#include <bloodcell/image/preprocess.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/infer/verify.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/predict/judge.hpp>

namespace bloodcell::predict {

struct ReadingOptions {
  // int8: only where its own file has layers in it, else the fastest that it allows
  infer::Precision precision = infer::Precision::float32;
  std::filesystem::path cache_folder;  // of compiled networks; empty: none kept
  bool one_at_a_time = false;          // infer::SessionOptions::one_at_a_time
};

class SecondReader {
 public:
  // None for a file without a second; text: model_file::ModelFile::second.
  [[nodiscard]] static std::optional<SecondReader> of(const model_file::Description& description,
                                                      std::string text,
                                                      const ReadingOptions& options,
                                                      const Limits& limits);
  SecondReader(SecondReader&&) noexcept;
  SecondReader& operator=(SecondReader&&) noexcept;
  ~SecondReader();

  [[nodiscard]] const image::Preprocessing& preprocessing() const;

  // Makes the network ready, which the first reading would do else. Thread-safe. Errors: those of
  // model_file::second_of and infer::Session::open.
  [[nodiscard]] Result<void> prepare() const;

  // Its golden outputs, as infer::verify() has them. Thread-safe. Errors: also those of prepare().
  [[nodiscard]] Result<infer::Verification> verify() const;

  // Calibrated probabilities of each frame (image::frame), a number a label of the file.
  // Thread-safe. Errors: those of prepare() and infer::Session::run.
  [[nodiscard]] Result<std::vector<std::vector<double>>> read(
      std::span<const image::Image* const> frames) const;

  // Those of the rows whose confidence, as `judge` has it, is too low get the mean of
  // `probabilities` – the first network's – and the second's. Returns which. Thread-safe. Errors:
  // those of read().
  [[nodiscard]] Result<std::vector<bool>> read_unsure(
      const Judge& judge, std::span<const image::Image* const> frames,
      std::span<std::vector<double>> probabilities) const;

 private:
  struct Impl;
  explicit SecondReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bloodcell::predict
