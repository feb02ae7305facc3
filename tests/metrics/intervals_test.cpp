#include <bloodcell/metrics/intervals.hpp>

#include <cmath>
#include <numeric>

#include <rapidcheck.h>

#include <bloodcell/test/support.hpp>

namespace bloodcell::metrics {
namespace {

void expect_interval(const Interval& interval, double low, double high, double tolerance) {
  EXPECT_NEAR(interval.low, low, tolerance);
  EXPECT_NEAR(interval.high, high, tolerance);
}

// Newcombe 1998, Statistics in Medicine 17:857, table I, method 3.
TEST(Wilson, MatchesNewcombesTable) {
  expect_interval(wilson(81, 263), 0.2553, 0.3662, 5e-5);
  expect_interval(wilson(15, 148), 0.0624, 0.1605, 5e-5);
  expect_interval(wilson(0, 20), 0, 0.1611, 5e-5);
  expect_interval(wilson(1, 29), 0.0061, 0.1718, 5e-5);
}

TEST(Wilson, IsSymmetricAndHoldsTheShare) {
  EXPECT_TRUE(rc::check([] {
    const auto n = *rc::gen::inRange<std::uint64_t>(1, 2000);
    const auto k = *rc::gen::inRange<std::uint64_t>(0, n + 1);
    const Interval here = wilson(k, n);
    const Interval mirrored = wilson(n - k, n);
    RC_ASSERT(std::abs(here.low - (1 - mirrored.high)) < 1e-12);
    const double share = static_cast<double>(k) / static_cast<double>(n);
    RC_ASSERT(here.low <= share && share <= here.high);
    RC_ASSERT(here.low >= 0 && here.high <= 1);
  }));
}

TEST(Wilson, KnowsNothingFromNothing) { expect_interval(wilson(0, 0), 0, 1, 0); }

// The exact 95 % limits a differential count is judged by (Rümke's table), in per cent.
TEST(ClopperPearson, MatchesRuemkesTable) {
  struct Row {
    int percent;
    int cells;
    double low;
    double high;
  };
  const std::vector<Row> table{
      {0, 100, 0, 3.6},      {0, 200, 0, 1.8},      {0, 400, 0, 0.9},      {0, 1000, 0, 0.4},
      {1, 100, 0.0, 5.4},    {1, 200, 0.1, 3.6},    {1, 400, 0.3, 2.5},    {1, 1000, 0.5, 1.8},
      {5, 100, 1.6, 11.3},   {5, 200, 2.4, 9.0},    {5, 400, 3.1, 7.6},    {5, 1000, 3.7, 6.5},
      {10, 100, 4.9, 17.6},  {10, 200, 6.2, 15.0},  {10, 400, 7.2, 13.4},  {10, 1000, 8.2, 12.0},
      {20, 100, 12.7, 29.2}, {20, 200, 14.7, 26.2}, {20, 400, 16.2, 24.3}, {20, 1000, 17.6, 22.6},
      {50, 100, 39.8, 60.2}, {50, 200, 42.9, 57.1}, {50, 400, 45.0, 55.0}, {50, 1000, 46.9, 53.1}};
  for (const Row& row : table) {
    const auto k = static_cast<std::uint64_t>(row.percent * row.cells / 100);
    const Interval interval = clopper_pearson(k, static_cast<std::uint64_t>(row.cells));
    EXPECT_NEAR(100 * interval.low, row.low, 0.051) << row.percent << " % of " << row.cells;
    EXPECT_NEAR(100 * interval.high, row.high, 0.051) << row.percent << " % of " << row.cells;
  }
}

// Half of 10^9: 0.5 ± 1.96 √(0.25 / 10^9). Terms one by one would take hours.
TEST(ClopperPearson, HoldsForABillion) {
  const auto half = clopper_pearson(500'000'000, 1'000'000'000, 0.95);
  EXPECT_NEAR(half.low, 0.5 - 3.09898e-5, 1e-8);
  EXPECT_NEAR(half.high, 0.5 + 3.09898e-5, 1e-8);
}

TEST(ClopperPearson, HoldsForManyCells) {
  const Interval interval = clopper_pearson(500'000, 1'000'000);
  expect_interval(interval, 0.49902, 0.50098, 1e-4);
}

std::vector<std::vector<std::size_t>> clusters_of(std::size_t rows, std::size_t of_each) {
  std::vector<std::vector<std::size_t>> clusters(rows / of_each);
  for (std::size_t row = 0; row < rows; ++row) clusters[row / of_each].push_back(row);
  return clusters;
}

double mean_of_halves(std::span<const std::size_t> rows) {
  double ones = 0;
  for (const std::size_t row : rows) ones += row < 100 ? 1 : 0;
  return ones / static_cast<double>(rows.size());
}

// 200 rows, half of them 1: the deviation of a mean of n independent halves is 0.5 / sqrt(n).
TEST(Bootstrap, IsAsWideAsTheNumberOfClustersAllows) {
  const Interval alone = bootstrap_by_cluster(clusters_of(200, 1), mean_of_halves, 1, 4000);
  EXPECT_NEAR(alone.high - alone.low, 2 * 1.96 * 0.5 / std::sqrt(200.0), 0.02);
  const Interval in_tens = bootstrap_by_cluster(clusters_of(200, 10), mean_of_halves, 1, 4000);
  EXPECT_NEAR(in_tens.high - in_tens.low, 2 * 1.96 * 0.5 / std::sqrt(20.0), 0.06);
}

TEST(Bootstrap, RepeatsFromItsSeed) {
  const auto clusters = clusters_of(200, 4);
  const Interval first = bootstrap_by_cluster(clusters, mean_of_halves, 9, 200);
  const Interval again = bootstrap_by_cluster(clusters, mean_of_halves, 9, 200);
  const Interval other = bootstrap_by_cluster(clusters, mean_of_halves, 10, 200);
  EXPECT_EQ(first.low, again.low);
  EXPECT_EQ(first.high, again.high);
  EXPECT_TRUE(first.low != other.low || first.high != other.high);
}

TEST(Bootstrap, LeavesNanFiguresOut) {
  int calls = 0;
  const auto sometimes_nan = [&](std::span<const std::size_t>) {
    return ++calls % 2 == 0 ? std::nan("") : 0.5;
  };
  expect_interval(bootstrap_by_cluster(clusters_of(10, 1), sometimes_nan, 1, 100), 0.5, 0.5, 0);
  expect_interval(bootstrap_by_cluster({}, sometimes_nan, 1, 100), 0, 1, 0);
}

}  // namespace
}  // namespace bloodcell::metrics
