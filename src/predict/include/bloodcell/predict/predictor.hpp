// Pictures → rows: decode, frame, preprocess, run, calibrate. The order of rows is that of the
// files, whatever the number of threads; memory is bounded whatever their number.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/predict/inputs.hpp>

namespace bloodcell::predict {

enum class Status {
  ok,
  unidentified,  // a cell, but less sure than the model's threshold: `message` says why
  no_cell,       // nothing to class
  error,         // the file could not be read
};

[[nodiscard]] std::string_view name_of(Status status);

// One cell. For a file that is an error: cell 0, an empty box, no class, no probabilities.
struct Row {
  std::string file;
  int cell = 0;    // from 0 within its file
  image::Box box;  // in the pixels of the file as a viewer shows it
  Status status = Status::ok;
  std::string message;
  int class_index = -1;  // position in the labels; −1 for no_cell and error
  double confidence = 0;
  std::vector<double> probabilities;
};

struct Options {
  int batch = 16;              // ≥ 1
  double min_confidence = -1;  // < 0: the model file's own
  infer::Precision precision = infer::Precision::float32;
};

struct Totals {
  std::size_t files = 0;
  std::size_t cells = 0;
  std::size_t unidentified = 0;
  std::size_t errors = 0;
};

class Predictor {
 public:
  [[nodiscard]] static Result<Predictor> open(const Context& context, model_file::ModelFile model,
                                              const Options& options = {});

  [[nodiscard]] const model_file::Description& description() const { return description_; }
  [[nodiscard]] const infer::Session& session() const { return session_; }

  // Calls `sink` once a row, in order, from the calling thread. Files that cannot be read become
  // rows of status `error`, in their place. Errors: cancelled, or the engine's own failure.
  [[nodiscard]] Result<Totals> run(const Context& context, const Inputs& inputs,
                                   const std::function<void(const Row&)>& sink) const;

  // One decoded picture. Thread-safe.
  [[nodiscard]] Result<std::vector<Row>> classify(const image::Image& image,
                                                  std::string_view file) const;

 private:
  Predictor(model_file::Description description, infer::Session session, Options options);
  model_file::Description description_;
  infer::Session session_;
  Options options_;
};

}  // namespace bloodcell::predict
