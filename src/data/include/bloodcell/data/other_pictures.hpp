// Pictures of anything but blood cells, drawn by chance: what a model is shown so that it learns to
// say "this is no cell" (outlier exposure: Hendrycks, Mazeika and Dietterich 2019; that pictures of
// chance alone will do: Baradad et al. 2021).
#pragma once

#include <cstdint>

#include <bloodcell/image/image.hpp>

namespace bloodcell::data {

// One of three kinds in turn by its index: shapes that cover one another (dead leaves: Lee, Mumford
// and Huang 2001), coloured clouds from fine to coarse, and waves. The same (seed, index, side)
// gives the same picture. side_px: 8 … 4096. Thread-safe.
[[nodiscard]] image::Image other_picture(std::uint64_t seed, std::uint64_t index, int side_px);

}  // namespace bloodcell::data
