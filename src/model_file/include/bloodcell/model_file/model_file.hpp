// The model file: a plain ONNX file whose metadata entry `bloodcell` says, as JSON, all that turns
// its numbers into an answer. docs/model_file.md has the whole format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/graph.hpp>
#include <bloodcell/graph/weights.hpp>
#include <bloodcell/image/preprocess.hpp>
#include <bloodcell/model_file/precision.hpp>
#include <bloodcell/model_file/trust.hpp>

namespace bloodcell::model_file {

// Logits for an input anyone can make again: golden_input(seed, preprocessing).
struct GoldenOutput {
  std::uint64_t seed = 0;
  // Of n values the i-th is output ⌊i · outputs / n⌋: all of a classifier, 64 of a locator.
  std::vector<float> logits;
};

// A larger network within the file, which reads again the cells that the file's own is unsure of.
struct SecondReading {
  std::string sha256{};                  // of the model file within
  image::Preprocessing preprocessing{};  // its own, so that a cell can be framed before it is read
  double below = 0.9;   // calibrated confidence under which a cell is read again; [0, 1]
  double weight = 0.5;  // p = (1 − weight) · own + weight · the second's, both calibrated; [0, 1]
};

struct Description {
  int format_version = 1;
  std::string name;          // `bccd-baseline`; 1 to 100 bytes, no control characters
  std::string architecture;  // `baseline`; make() takes the graph's if empty
  graph::Task task = graph::Task::classify;
  std::vector<std::string> labels;  // in the order of the outputs; 1 to 1000, unique, like `name`
  image::Preprocessing preprocessing;
  double temperature = 1.0;          // probabilities = softmax(logits / temperature); 0.001 … 1000
  double min_confidence = 0.0;       // below it a cell is `unidentified`; [0, 1]
  std::string graph_sha256;          // of the ONNX graph, weights included
  std::string locator_sha256;        // of the model file within that finds its cells; or empty
  std::vector<GoldenOutput> golden;  // at most 16
  double golden_tolerance = 1e-4;    // |logit − golden| ≤ tolerance · max(1, |golden|); [0, 1]
  nlohmann::json
      provenance;  // who made it from what: versions, data, split, seed, licences, figures
  std::optional<Trust> trust;                // with it the file is of format 2
  std::optional<SecondReading> second;       // with it the file is of format 3
  std::vector<PrecisionFigures> precisions;  // measured on held-out cells; at most 8
};

// Numbers the network gives for one picture: one a label, or a locator's maps (a map of centres a
// label and four of boxes).
[[nodiscard]] std::size_t output_values(const Description& description);

struct ModelFile {
  Description description;
  Bytes onnx;               // the whole file, for the engine
  Bytes locator;            // the model file within that finds the cells of a field; or empty
  std::string second;       // the entry that holds the second network's: second_of() reads it
  bool has_int8 = false;    // its network has layers in int8 (quantised.hpp)
  bool has_halves = false;  // some of its kernels are stored as float16 (half_kernels.hpp)
  // `7 13`: of the format and its operators; all that a network depends on beside the graph.
  std::string onnx_versions;
};

// The golden input of a seed: 3 × H × W values plane by plane, drawn in order from one
// Random(seed, stream_of("golden"), 0) by uniform(−1, 1), then rounded to float.
[[nodiscard]] std::vector<float> golden_input(std::uint64_t seed,
                                              const image::Preprocessing& preprocessing);

// How pictures become this network's input at this size: its own scaling, and the channels in its
// order.
[[nodiscard]] image::Preprocessing preprocessing_of(const graph::ArchitectureInfo& architecture,
                                                    int width_px, int height_px);

// Builds the file and reads it back; description.graph_sha256 is filled in. The same input gives
// the same bytes. Errors: mismatch (weights, labels, sizes, architecture), malformed (a weight that
// is not finite, text that is not UTF-8, a field out of range), limit_exceeded.
[[nodiscard]] Result<ModelFile> make(const graph::Graph& graph, const graph::Weights& weights,
                                     Description description);

// The same network with another description; the graph's bytes stay. Errors: mismatch (a
// description that does not fit the network), malformed (a field out of range, text that is not
// UTF-8).
[[nodiscard]] Result<ModelFile> with_description(const ModelFile& file, Description description);

// The classifier's file with the locator's inside, so that the two travel as one. Errors: usage (a
// first that does not classify, a second that does not locate), limit_exceeded.
[[nodiscard]] Result<ModelFile> with_locator(const ModelFile& classifier, const ModelFile& locator);

// The file with a larger classifier inside, to read again what it is unsure of. Of the second goes
// in what a reading and adapting it take: its network, its probabilities' calibration, familiarity,
// its precisions; takes the place of a second that was there. Errors: usage (one that does not
// classify, one that has a second itself), mismatch (other labels or another order, cells framed
// otherwise), malformed (below or weight out of range).
[[nodiscard]] Result<ModelFile> with_second(const ModelFile& file, const ModelFile& second,
                                            double below, double weight);
[[nodiscard]] Result<ModelFile> without_second(const ModelFile& file);

// The second network's file, which read() leaves unread for the sake of a short start. Errors:
// usage (there is none), malformed (not the one that the metadata name, not as they say, or one
// that with_second() would refuse), those of read().
[[nodiscard]] Result<ModelFile> second_of(const ModelFile& file, const Limits& limits);

// Every malformed, truncated or hostile file is an error that names what is wrong: not ONNX, no
// BloodCell metadata, a newer format version, a field out of range, a graph that is not the one
// hashed, inputs or outputs that do not fit the labels and the preprocessing, external data,
// subgraphs. Memory stays below about 100 MB and three times the file.
[[nodiscard]] Result<ModelFile> read(Bytes bytes, const Limits& limits);
[[nodiscard]] Result<ModelFile> load(const std::filesystem::path& path, const Limits& limits);

[[nodiscard]] Result<void> save(const ModelFile& file, const std::filesystem::path& path);

[[nodiscard]] nlohmann::json to_json(const Description& description);
[[nodiscard]] Result<Description> description_from_json(const nlohmann::json& json);

}  // namespace bloodcell::model_file
