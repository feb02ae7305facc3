// The networks by name. One .cpp in src/graph/architectures a network.
#pragma once

#include <span>
#include <string_view>

#include <bloodcell/graph/graph.hpp>

namespace bloodcell::graph {

enum class Task { classify, locate };

struct ArchitectureInfo {
  std::string_view name;
  std::string_view what;  // one line
  int default_width_px = 0;
  int default_height_px = 0;
  Task task = Task::classify;
  Result<Graph> (*build)(Shape input, int classes) = nullptr;
};

[[nodiscard]] std::span<const ArchitectureInfo> architectures();

// Errors: not_found, listing the names there are.
[[nodiscard]] Result<ArchitectureInfo> find_architecture(std::string_view name);

// The seed project's baseline CNN (facts.md 1.2): 17,526,468 parameters at [3, 240, 320] and 4
// classes.
[[nodiscard]] Result<Graph> baseline(Shape input, int classes);

// A small residual network of our own for single cells: about 0.3 M parameters, any input size
// from 32.
[[nodiscard]] Result<Graph> compact(Shape input, int classes);

// Finds cells in a field (smear/location.hpp says what its maps mean): no anchors, one map of
// centres a kind of cell and four of their boxes (after Zhou et al. 2019, "Objects as points"), of
// an eighth of the input's sides, which are multiples of 8.
inline constexpr int kLocatorStride = 8;
inline constexpr int kLocatorWidthPx = 256;  // of the input it is made for
inline constexpr int kLocatorHeightPx = 192;
[[nodiscard]] Result<Graph> locator(Shape input, int kinds);

}  // namespace bloodcell::graph
