// The networks by name. One .cpp in src/graph/architectures a network. A name that ends in -keras
// is the same network as Keras Applications lay it out: other padding, strides or epsilons, and
// another input scaling, so that weights trained there mean the same here.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include <bloodcell/graph/graph.hpp>

namespace bloodcell::graph {

enum class Task { classify, locate };

// What a network's weights expect of a pixel: (pixel − mean) / deviation, pixel in 0 … 255, a
// channel at a time in the network's order. It has no default, so that no network can be without
// its own; model_file::preprocessing_of puts it into the description that travels in the model
// file.
struct InputScaling {
  std::string_view name;  // `signed`
  bool bgr;               // channels in the order blue, green, red
  std::array<double, 3> mean;
  std::array<double, 3> deviation;

  constexpr InputScaling(std::string_view name_, bool bgr_, std::array<double, 3> mean_,
                         std::array<double, 3> deviation_)
      : name(name_), bgr(bgr_), mean(mean_), deviation(deviation_) {}
};

struct ArchitectureInfo {
  std::string_view name;
  std::string_view what;  // one line
  int default_width_px = 0;
  int default_height_px = 0;
  Task task = Task::classify;
  InputScaling scaling;
  // Errors: usage, for an input the network cannot take. graph::backbone_of gives it without its
  // classifier, graph::with_head with another.
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
