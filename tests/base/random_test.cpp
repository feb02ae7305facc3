#include <bloodcell/base/random.hpp>

#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include <bloodcell/test/support.hpp>

namespace bloodcell {
namespace {

// Known-answer vectors published with Random123 for philox4x32, ten rounds.
TEST(Philox, MatchesThePublishedVectors) {
  using Words = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox_block({0, 0, 0, 0}, {0, 0}),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(philox_block({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(
      philox_block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
      (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, DependsOnSeedStreamAndIndexAlone) {
  EXPECT_EQ(Random(1, 2, 3).bits(), Random(1, 2, 3).bits());
  EXPECT_NE(Random(1, 2, 3).bits(), Random(2, 2, 3).bits());
  EXPECT_NE(Random(1, 2, 3).bits(), Random(1, 3, 3).bits());
  EXPECT_NE(Random(1, 2, 3).bits(), Random(1, 2, 4).bits());
}

TEST(Random, UniformHasTheRightMeanAndRange) {
  Random random(7, stream_of("test"), 0);
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double value = random.uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  EXPECT_NEAR(sum / 100'000, 0.5, 0.005);
}

TEST(Random, NormalHasMeanZeroAndDeviationOne) {
  Random random(7, stream_of("test"), 1);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double value = random.normal();
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / 100'000, 0.0, 0.02);
  EXPECT_NEAR(squares / 100'000, 1.0, 0.02);
}

TEST(Random, BelowReachesEveryValueAndNoOther) {
  Random random(7, stream_of("test"), 2);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.below(7));
  EXPECT_EQ(seen.size(), 7U);
  EXPECT_EQ(*seen.rbegin(), 6U);
}

TEST(Random, ShuffleKeepsEveryItem) {
  std::vector<int> items(100);
  std::iota(items.begin(), items.end(), 0);
  auto shuffled = items;
  Random(3, 0, 0).shuffle(std::span(shuffled));
  EXPECT_NE(shuffled, items);
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(shuffled, items);
}

}  // namespace
}  // namespace bloodcell
