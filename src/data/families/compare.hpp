// Do two pictures show the same field? Matching keypoints must agree on one affine map, and under
// that map the grey values must agree too: red cells look alike, fields do not. Private to the
// layer.
#pragma once

#include <array>
#include <optional>

#include "families/fingerprint.hpp"

namespace bloodcell::data {

// x' = m[0] x + m[1] y + m[2], y' = m[3] x + m[4] y + m[5], in pixels of the working size.
using AffineMap = std::array<double, 6>;

struct Overlap {
  AffineMap a_to_b{};
  int agreeing = 0;         // keypoint pairs within 4 px of the map
  double correlation = 0;   // of local grey detail in the common part, -1 … 1
  double common_share = 0;  // the common part of the smaller picture's content, 0 … 1
};

// The best map found, if six keypoint pairs or more agree on it. Every matched pair in turn
// proposes a similarity (Philbin et al. 2007); the best are refined to affine maps by least
// squares on those that agree. No random choice. b must not be mirrored against a: see mirrored().
[[nodiscard]] std::optional<Overlap> overlap_of(const Fingerprint& a, const Fingerprint& b);

// Is the overlap sure enough to say that both pictures show one field?
[[nodiscard]] bool is_same_field(const Overlap& overlap);

}  // namespace bloodcell::data
