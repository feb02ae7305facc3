// A look at an ONNX file's outline before protobuf unfolds it into memory.
#pragma once

#include <cstdint>
#include <span>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/result.hpp>

namespace bloodcell::model_file {

struct Survey {
  std::span<const std::byte> graph;  // the GraphProto as it stands in the file
  // All but the raw data of the graph's initialisers and the second file's text.
  std::uint64_t structure_bytes = 0;
};

// Small messages grow a hundredfold when protobuf unfolds them, raw data and text do not: bounding
// the first bounds the memory that a hostile file can take.
inline constexpr std::uint64_t kMostStructureBytes = 4ULL << 20;

// Looks into `bytes`, never keeps more than spans of them. Errors: malformed (not an ONNX file, cut
// short, two graphs), limit_exceeded (over 2 GiB, structure over kMostStructureBytes).
[[nodiscard]] Result<Survey> survey(std::span<const std::byte> bytes);

}  // namespace bloodcell::model_file
