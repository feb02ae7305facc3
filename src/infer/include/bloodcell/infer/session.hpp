// A model file made ready to run, by OpenVINO Runtime on the CPU.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::infer {

// automatic: the fastest that this processor has and of which the model file says that it costs
// little (model_file::costs_little; docs/decisions/0012); else float32. int8: the layers that the
// model file has in int8, the others in float32; in the other precisions these pairs are passed
// over.
enum class Precision { automatic, float32, bfloat16, int8 };

// `auto`, `float32`, `bfloat16`, `int8`
[[nodiscard]] std::string_view name_of(Precision precision);
[[nodiscard]] std::optional<Precision> precision_named(std::string_view name);

struct InputSize {
  int height_px = 0;
  int width_px = 0;
};

struct SessionOptions {
  unsigned threads = 1;  // ≥ 1
  Precision precision = Precision::float32;
  std::filesystem::path cache_folder;  // compiled networks; empty: none kept
  // Keep what look() gives. Errors of open(): unsupported (a network that does not end so).
  bool keep_embedding = false;  // needs a network that ends in a dense layer
  bool keep_maps = false;       // needs the mean of maps before that
  // Tensors of the graph, [N, channels, H, W] each (model_file::map_names). Error: usage (none).
  std::vector<std::string> means_of{};
  // Compiled for one picture, which takes up to a tenth less; several run one after the other.
  bool one_at_a_time = false;
  // Prepare for run_other_size() too, where the graph allows it; 0 × 0: no.
  InputSize other_size{};
};

// The last dense layer, which turns an embedding into logits: logit[k] = weights[k] · embedding +
// bias[k].
struct Head {
  std::size_t values = 0;      // of one embedding
  std::vector<float> weights;  // labels × values
};

struct MapSize {
  int height = 0;
  int width = 0;
};

// What the network saw on its way to the logits. Empty where the session does not keep it.
struct Looked {
  std::vector<float> logits;     // batch × labels
  std::vector<float> embedding;  // batch × Head::values
  std::vector<float> maps;       // batch × Head::values × map height × map width
  // batch × channels of all SessionOptions::means_of, one behind the other: over their places
  std::vector<float> means;
};

// run() may be called from several threads at once; each call has a request of its own.
class Session {
 public:
  // Errors: malformed (the engine refuses the graph), unsupported (also bfloat16 or int8 where the
  // processor has none, int8 where the file has none).
  [[nodiscard]] static Result<Session> open(const model_file::ModelFile& file,
                                            const SessionOptions& options);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  // input: batch × 3 × H × W floats as preprocess() makes them. Returns batch × output_values
  // logits. Errors: usage (wrong length), internal (the engine failed), mismatch (a logit that is
  // not finite).
  [[nodiscard]] Result<std::vector<float>> run(std::span<const float> input, int batch) const;

  // One image of SessionOptions::other_size: 3 × H × W floats. Returns what the network gives for
  // it, as many values as follow from its layers. Errors: those of run(); usage unless
  // takes_other_size().
  [[nodiscard]] Result<std::vector<float>> run_other_size(std::span<const float> input) const;
  [[nodiscard]] bool takes_other_size() const;

  // The same logits, with the embedding, maps and means that the session was opened to keep.
  [[nodiscard]] Result<Looked> look(std::span<const float> input, int batch) const;

  [[nodiscard]] Precision precision() const;  // what it runs in; never automatic

  [[nodiscard]] const Head& head() const;  // empty unless embedding or maps are kept
  [[nodiscard]] MapSize map_size() const;  // 0 × 0 unless maps are kept

 private:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// `2026.4.1-…`
[[nodiscard]] std::string engine_version();

}  // namespace bloodcell::infer
