// What a locator's maps mean, both ways: boxes → the maps it is to learn, maps → boxes. Centres are
// peaks (Zhou et al. 2019, "Objects as points"); training and prediction share this file's rules.
//
// Maps are [kinds + 4, rows, columns], a value for every kLocatorStride × kLocatorStride pixels of
// the network's input: a logit of "a centre is here" for each kind, then of the box whose centre is
// here dx, dy (of the centre from the middle of the map's pixel, in strides) and the natural
// logarithms of width and height in strides.
#pragma once

#include <array>
#include <span>
#include <vector>

#include <bloodcell/smear/cell_box.hpp>

namespace bloodcell::smear {

inline constexpr std::size_t kBoxMaps = 4;

struct MapSize {
  int rows = 0;
  int columns = 0;
  int stride_px = 8;
  [[nodiscard]] std::size_t places() const {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  }
};

struct Targets {
  std::vector<float> centres;     // kinds × rows × columns: 1 at a centre, falling off around it
  std::vector<float> boxes;       // kBoxMaps × rows × columns
  std::vector<float> box_weight;  // rows × columns: how much the box at this place counts
  std::array<float, kKinds> known{1, 1, 1};  // 0: boxes of this kind were not drawn, learn nothing
};

// Boxes in pixels of the network's input; those without area, or centred outside, are left out.
[[nodiscard]] Targets targets_of(std::span<const CellBox> cells, const MapSize& size);

// Peaks of at least `min_score` (one for each kind), best first; of two boxes of one kind that
// overlap by more than 0.5 the better stays. In pixels of the network's input. At most 4,096.
[[nodiscard]] std::vector<CellBox> cells_of(std::span<const float> maps, const MapSize& size,
                                            const std::array<double, kKinds>& min_score);

}  // namespace bloodcell::smear
