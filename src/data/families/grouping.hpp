// From fingerprints to groups: the index proposes, geometry decides, sets are joined. Private to
// the layer.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>

#include "families/compare.hpp"
#include "families/index.hpp"
#include "union_find.hpp"

namespace bloodcell::data {

struct PicturePair {
  std::uint32_t a = 0;  // a < b
  std::uint32_t b = 0;
  bool is_mirrored = false;  // b shows the mirror image of a
  float votes = 0;
};

struct Grouping {
  explicit Grouping(std::size_t pictures) : sets(pictures) {}
  UnionFind sets;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> overlapping_originals;
  std::size_t pairs_proposed = 0;
  std::size_t pairs_verified = 0;
};

// fingerprints: first `originals` originals, then files. Errors: cancelled.
[[nodiscard]] Result<Grouping> group(const Context& context,
                                     std::span<const Fingerprint> fingerprints,
                                     std::size_t originals, std::size_t candidates,
                                     bool every_pair);

}  // namespace bloodcell::data
