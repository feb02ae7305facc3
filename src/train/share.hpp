// Which images of a batch each process of a group takes: the parts that one process would take one
// after the other.
#pragma once

#include <algorithm>
#include <cstddef>

#include <bloodcell/data/loader.hpp>

namespace bloodcell::train {

// Images of each part but the last of a batch of `count`, in size × parts_each parts.
inline std::size_t part_size(std::size_t count, std::size_t parts) {
  return (count + parts - 1) / parts;
}

inline data::BatchShare share_of(std::size_t count, int parts_each, int rank, int size) {
  const auto each = static_cast<std::size_t>(parts_each);
  const std::size_t step = each * part_size(count, each * static_cast<std::size_t>(size));
  const std::size_t first = std::min(count, static_cast<std::size_t>(rank) * step);
  return {first, std::min(count - first, step)};
}

}  // namespace bloodcell::train
