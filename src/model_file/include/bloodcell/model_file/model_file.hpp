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
  std::vector<PrecisionFigures> precisions;  // measured on held-out cells; at most 8
};

// Numbers the network gives for one picture: one a label, or a locator's maps (a map of centres a
// label and four of boxes).
[[nodiscard]] std::size_t output_values(const Description& description);

struct ModelFile {
  Description description;
  Bytes onnx;               // the whole file, for the engine
  Bytes locator;            // the model file within that finds the cells of a field; or empty
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
