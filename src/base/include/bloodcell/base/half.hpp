// IEEE 754 binary16, as bits. Thread-safe.
#pragma once

#include <cstdint>

namespace bloodcell {

[[nodiscard]] float float_of_half(std::uint16_t half);

// The nearest one, ties to the even; beyond 65504 (rounded) infinity; NaN stays NaN.
[[nodiscard]] std::uint16_t half_of(float value);

}  // namespace bloodcell
