#include <bloodcell/base/half.hpp>

#include <cmath>
#include <limits>

#include <rapidcheck.h>

#include <bloodcell/test/support.hpp>

namespace bloodcell {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Half, OfHandWorkedValues) {
  EXPECT_EQ(half_of(0.F), 0x0000);
  EXPECT_EQ(half_of(-0.F), 0x8000);
  EXPECT_EQ(half_of(1.F), 0x3c00);
  EXPECT_EQ(half_of(-2.F), 0xc000);
  EXPECT_EQ(half_of(65504.F), 0x7bff);
  EXPECT_EQ(half_of(65519.F), 0x7bff);
  EXPECT_EQ(half_of(65520.F), 0x7c00);  // the tie goes to the even, which is infinity
  EXPECT_EQ(half_of(1e30F), 0x7c00);
  EXPECT_EQ(half_of(-kInfinity), 0xfc00);
  EXPECT_EQ(half_of(std::ldexp(1.F, -24)), 0x0001);
  EXPECT_EQ(half_of(std::ldexp(1.F, -25)), 0x0000);
  EXPECT_EQ(half_of(std::ldexp(3.F, -26)), 0x0001);
  EXPECT_EQ(half_of(1 + std::ldexp(1.F, -11)), 0x3c00);
  EXPECT_EQ(half_of(1 + std::ldexp(3.F, -11)), 0x3c02);
  EXPECT_TRUE(std::isnan(float_of_half(half_of(std::nanf("")))));
}

TEST(Half, EachComesBack) {
  for (std::uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const float value = float_of_half(static_cast<std::uint16_t>(bits));
    if (std::isnan(value)) continue;
    EXPECT_EQ(half_of(value), bits);
  }
}

TEST(Half, IsTheNearest) {
  EXPECT_TRUE(rc::check([] {
    const auto fraction = static_cast<float>(*rc::gen::inRange(-(1 << 24), 1 << 24));
    const float value = std::ldexp(fraction, *rc::gen::inRange(-52, -9));
    const auto half = half_of(value);
    const float error = std::abs(float_of_half(half) - value);
    RC_ASSERT(std::isfinite(error));
    for (const int step : {-1, 1}) {
      const float other = float_of_half(static_cast<std::uint16_t>(half + step));
      RC_ASSERT(std::isnan(other) || error <= std::abs(other - value));
    }
  }));
}

}  // namespace
}  // namespace bloodcell
