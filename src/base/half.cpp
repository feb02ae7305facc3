#include <bloodcell/base/half.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace bloodcell {

namespace {

constexpr int kFractionBits = 10;
constexpr int kLeastExponent = -14;  // of a normal half; below it steps stay as they are
constexpr int kLargestExponent = 15;
constexpr std::uint16_t kInfinity = 0x7c00;

}  // namespace

float float_of_half(std::uint16_t half) {
  const int sign = half >> 15;
  const int exponent = (half >> kFractionBits) & 0x1f;
  const int fraction = half & 0x3ff;
  float value = 0;
  if (exponent == 0) {
    value = std::ldexp(static_cast<float>(fraction), -24);
  } else if (exponent == 31) {
    value = fraction == 0 ? std::numeric_limits<float>::infinity()
                          : std::numeric_limits<float>::quiet_NaN();
  } else {
    value = std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  }
  return sign != 0 ? -value : value;
}

std::uint16_t half_of(float value) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const float size = std::abs(value);
  if (std::isnan(value)) return sign | kInfinity | 0x200;
  if (size == 0) return sign;
  const int exponent =
      std::max(kLeastExponent, std::isinf(size) ? kLargestExponent + 1 : std::ilogb(size));
  if (exponent > kLargestExponent) return sign | kInfinity;
  // In steps of a half at this exponent; a float holds the quotient exactly.
  const auto steps = static_cast<int>(std::nearbyint(std::ldexp(size, kFractionBits - exponent)));
  // Of a normal one 1024 … 2047 steps, the first 1024 told by the exponent; a carry moves it up.
  return static_cast<std::uint16_t>(sign + ((exponent - kLeastExponent) << kFractionBits) + steps);
}

}  // namespace bloodcell
