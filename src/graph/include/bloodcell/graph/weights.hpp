// Named tensors, and their file: safetensors (huggingface/safetensors, format of 2023: 8-byte
// length, JSON header, raw little-endian data). Nothing in such a file can run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/graph/graph.hpp>

namespace bloodcell::graph {

struct Tensor {
  std::vector<std::int64_t> dims;  // empty: a scalar
  std::vector<float> values;       // row-major
  friend bool operator==(const Tensor&, const Tensor&) = default;
};

using Weights = std::map<std::string, Tensor>;

// Every parameter of the graph is there with its shape, and nothing else is.
// Errors: mismatch, naming the first tensor that is missing, extra or of another shape.
[[nodiscard]] Result<void> check_weights(const Graph& graph, const Weights& weights);

// What one safetensors file holds: tensors, and free text by name (`__metadata__`).
struct WeightsFile {
  Weights weights;
  std::map<std::string, std::string> metadata;
};

// Errors: malformed (lengths, offsets, overlaps, shapes, JSON), limit_exceeded, unsupported (a type
// other than F32, F16, BF16, I64; the last three are converted to float32, I64 only where exact).
[[nodiscard]] Result<WeightsFile> read_safetensors(std::span<const std::byte> bytes,
                                                   const Limits& limits);
[[nodiscard]] Result<WeightsFile> load_safetensors(const std::filesystem::path& path,
                                                   const Limits& limits);
// float32, names in order: the same content gives the same bytes.
[[nodiscard]] Bytes write_safetensors(const WeightsFile& file);

}  // namespace bloodcell::graph
