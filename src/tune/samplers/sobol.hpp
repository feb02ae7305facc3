// Sobol points for the samplers that begin with evenly spread trials.
#pragma once

#include <cstdint>

namespace bloodcell::tune {

inline constexpr int kSobolDimensionCount = 64;

// Coordinate of the index-th point in Gray-code order, in [0, 1): 0, 1/2, 3/4, 1/4, … in the first
// dimension. 0 ≤ dimension < kSobolDimensionCount.
[[nodiscard]] double sobol(std::uint32_t index, int dimension);

// The same with nested uniform scrambling (Owen 1995) by a hash (Burley 2020).
[[nodiscard]] double scrambled_sobol(std::uint32_t index, int dimension, std::uint64_t seed);

}  // namespace bloodcell::tune
