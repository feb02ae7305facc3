// Intervals: how far a figure can be trusted.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace bloodcell::metrics {

struct Interval {
  double low = 0;
  double high = 1;
};

// Wilson score interval (Wilson 1927). k of n, 0 ≤ k ≤ n; n = 0 gives [0, 1]. confidence in (0, 1).
[[nodiscard]] Interval wilson(std::uint64_t k, std::uint64_t n, double confidence = 0.95);

// Clopper–Pearson interval (1934), exact for the binomial law: Rümke's table.
[[nodiscard]] Interval clopper_pearson(std::uint64_t k, std::uint64_t n, double confidence = 0.95);

// P(X ≥ k) for X binomial(n, p), 0 ≤ k ≤ n; p in [0, 1].
[[nodiscard]] double binomial_tail(std::uint64_t k, std::uint64_t n, double p);

// Percentile bootstrap over clusters (Efron 1979; whole families are drawn with replacement, since
// copies of one cell are not independent). `clusters` holds the row numbers of each; `figure` gets
// the rows of one draw. NaN figures are left out. Deterministic from the seed. O(draws × rows).
[[nodiscard]] Interval bootstrap_by_cluster(
    std::span<const std::vector<std::size_t>> clusters,
    const std::function<double(std::span<const std::size_t>)>& figure, std::uint64_t seed,
    int draws = 1000, double confidence = 0.95);

}  // namespace bloodcell::metrics
