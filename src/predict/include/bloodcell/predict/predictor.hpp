// Pictures → rows: decode, locate, frame, preprocess, run, calibrate. The order of rows is that of
// the files, whatever the number of threads; memory is bounded whatever their number.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/buffer_pool.hpp>
#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/locate/locator.hpp>
#include <bloodcell/locate/slide_tiles.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/predict/cells.hpp>
#include <bloodcell/predict/inputs.hpp>
#include <bloodcell/predict/judge.hpp>
#include <bloodcell/predict/second_reader.hpp>
#include <bloodcell/predict/stages.hpp>

namespace bloodcell::predict {

enum class Status {
  ok,
  unidentified,  // not to be trusted (Judge): `message` says why
  no_cell,       // nothing to class
  error,         // the file could not be read
};

[[nodiscard]] std::string_view name_of(Status status);

// One cell. For a file that is an error: cell 0, an empty box, no class, no probabilities; for a
// field without a white cell (no_cell) the same with the picture as box.
struct Row {
  std::string file;
  int cell = 0;    // from 0 within its file
  image::Box box;  // in the pixels of the file as a viewer shows it
  Status status = Status::ok;
  std::string message;
  int class_index = -1;  // position in Predictor::labels(); −1 for no_cell and error
  double confidence = 0;
  std::vector<double> probabilities;
  std::vector<int> set;      // classes that hold the truth as often as the file states; empty: none
  double unfamiliarity = 0;  // Verdict::unfamiliarity
  std::optional<double> other_thing;  // Verdict::other_thing
  bool is_read_twice = false;         // by the second network, too (SecondReader)
};

struct Options {
  int batch =
      16;  // cells the network takes together, ≥ 1; with 1 a single cell takes the least time
  JudgeOptions judge;
  infer::Precision precision = infer::Precision::automatic;
  Shows shows = Shows::automatic;
  // Finds the cells, in place of the one within the model file; either is used only by a model
  // that was made for located cells (preprocessing.cell_margin above 0).
  std::optional<model_file::ModelFile> locator;
  std::filesystem::path cache_folder;  // of compiled networks; empty: none kept
  bool reads_twice = true;             // what the model file's second network is there for
  bool prepares_second = false;        // when opened, not when the first cell is read again
  locate::SlideOptions slides;
};

struct Totals {
  std::size_t files = 0;
  std::size_t cells = 0;
  std::size_t unidentified = 0;
  std::size_t errors = 0;
  std::size_t without_cell = 0;  // fields in which no white cell was found
  StageTimes times;              // of all pictures
};

class Predictor {
 public:
  [[nodiscard]] static Result<Predictor> open(const Context& context, model_file::ModelFile model,
                                              const Options& options = {});

  [[nodiscard]] const model_file::Description& description() const { return description_; }
  [[nodiscard]] const infer::Session& session() const { return session_; }
  [[nodiscard]] const Judge& judge() const { return judge_; }
  [[nodiscard]] const std::vector<std::string>& labels() const { return judge_.labels(); }
  [[nodiscard]] bool locates() const { return locator_.has_value(); }
  [[nodiscard]] bool reads_twice() const { return second_.has_value(); }

  // The golden outputs of both networks, as infer::verify() has them. Thread-safe.
  [[nodiscard]] Result<infer::Verification> verify() const;

  // What data::load_frame needs to frame a cell for classify_frame(): the model file's, with the
  // sides of the larger input.
  [[nodiscard]] image::Preprocessing framing() const;

  // Calls `sink` once a row, in order, from the calling thread. Files that cannot be read become
  // rows of status `error`, in their place. A scanned slide is one file of many cells, in the order
  // of its tiles; all threads work on it. Errors: cancelled, or the engine's own failure.
  [[nodiscard]] Result<Totals> run(const Context& context, const Inputs& inputs,
                                   const std::function<void(const Row&)>& sink) const;

  // The cells of one picture file's bytes, as run() gives them. Thread-safe. Errors: those of
  // image::decode, the engine's own failure.
  [[nodiscard]] Result<std::vector<Row>> classify_bytes(std::span<const std::byte> bytes,
                                                        std::string_view file,
                                                        const Limits& limits) const;

  // The cells of several picture files, each as classify_bytes() would give them; all cells share
  // batches. Thread-safe.
  struct Encoded {
    std::string_view name;
    std::span<const std::byte> bytes;
  };
  [[nodiscard]] std::vector<Result<std::vector<Row>>> classify_together(
      std::span<const Encoded> pictures, const Limits& limits) const;

  // The cells of one decoded picture, at the scale it was stored in. Thread-safe.
  [[nodiscard]] Result<std::vector<Row>> classify(const image::Image& image,
                                                  std::string_view file) const;

  // What is already framed (data::load_frame) is one cell. Thread-safe.
  [[nodiscard]] Result<Row> classify_frame(const image::Image& frame, std::string_view file) const;

  // The one cell that a label of the whole picture speaks of. Thread-safe.
  [[nodiscard]] Result<Row> classify_meant(const image::Image& image, std::string_view file) const;

 private:
  struct Seen;
  struct Done;
  struct Pending;
  Predictor(model_file::Description description, infer::Session session, Judge judge,
            std::optional<locate::Locator> locator, std::optional<SecondReader> second,
            Options options);
  [[nodiscard]] Framing wanted() const {
    return {description_.preprocessing, second_ ? &second_->preprocessing() : nullptr};
  }
  [[nodiscard]] const locate::Locator* locator() const { return locator_ ? &*locator_ : nullptr; }
  [[nodiscard]] Result<Seen> look_at(const std::filesystem::path& path, const Limits& limits) const;
  [[nodiscard]] Result<Seen> look_at(std::span<const std::byte> bytes, std::string_view file,
                                     const Limits& limits) const;
  [[nodiscard]] Result<Seen> look_at(const image::Image& picture, std::string_view file,
                                     Shows shows) const;
  [[nodiscard]] Result<std::vector<Row>> rows_of(std::span<const Seen> pictures,
                                                 StageTimes& times) const;
  [[nodiscard]] Result<void> classify_batch(std::span<const Pending> batch, std::span<float> input,
                                            std::vector<Row>& rows, StageClock& clock) const;
  [[nodiscard]] Result<std::vector<Row>> classify_slide(const Context& context,
                                                        const std::filesystem::path& path,
                                                        StageTimes& times) const;
  [[nodiscard]] Done classify_files(const Context& context,
                                    std::span<const std::filesystem::path> files) const;
  model_file::Description description_;
  infer::Session session_;
  Judge judge_;
  std::optional<locate::Locator> locator_;
  std::optional<SecondReader> second_;
  Options options_;
  std::unique_ptr<BufferPool<float>> inputs_ = std::make_unique<BufferPool<float>>();
};

}  // namespace bloodcell::predict
