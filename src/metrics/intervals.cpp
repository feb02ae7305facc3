#include <bloodcell/metrics/intervals.hpp>

#include <algorithm>
#include <cmath>

#include <boost/math/special_functions/beta.hpp>

#include <bloodcell/base/random.hpp>

namespace bloodcell::metrics {

namespace {

// The value below which a standard normal falls with probability p, by bisection on erfc.
double normal_quantile(double p) {
  double low = -40;
  double high = 40;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

// The p in [0, 1] at which the rising function reaches the target.
template <class Function>
double solve(const Function& rising, double target) {
  double low = 0;
  double high = 1;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (rising(middle) < target ? low : high) = middle;
  }
  return (low + high) / 2;
}

// Linear between order statistics (Hyndman & Fan 1996, type 7).
double quantile_of(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

// The regularised incomplete beta function I_p(k, n − k + 1).
double binomial_tail(std::uint64_t k, std::uint64_t n, double p) {
  if (k == 0) return 1;
  if (k > n || p <= 0) return 0;
  if (p >= 1) return 1;
  return boost::math::ibeta(static_cast<double>(k), static_cast<double>(n - k) + 1, p);
}

Interval wilson(std::uint64_t k, std::uint64_t n, double confidence) {
  if (n == 0) return {0, 1};
  const double z = normal_quantile(0.5 + confidence / 2);
  const auto count = static_cast<double>(n);
  const double share = static_cast<double>(k) / count;
  const double centre = (share + z * z / (2 * count)) / (1 + z * z / count);
  const double half = z / (1 + z * z / count) *
                      std::sqrt(share * (1 - share) / count + z * z / (4 * count * count));
  return {k == 0 ? 0.0 : std::max(0.0, centre - half), k == n ? 1.0 : std::min(1.0, centre + half)};
}

Interval clopper_pearson(std::uint64_t k, std::uint64_t n, double confidence) {
  if (n == 0) return {0, 1};
  const double tail = (1 - confidence) / 2;
  const double low = k == 0 ? 0 : solve([&](double p) { return binomial_tail(k, n, p); }, tail);
  const double high =
      k == n ? 1 : solve([&](double p) { return binomial_tail(k + 1, n, p); }, 1 - tail);
  return {low, high};
}

Interval bootstrap_by_cluster(std::span<const std::vector<std::size_t>> clusters,
                              const std::function<double(std::span<const std::size_t>)>& figure,
                              std::uint64_t seed, int draws, double confidence) {
  std::vector<double> figures;
  std::vector<std::size_t> rows;
  for (int draw = 0; draw < draws && !clusters.empty(); ++draw) {
    Random random(seed, stream_of("bootstrap"), static_cast<std::uint64_t>(draw));
    rows.clear();
    for (std::size_t i = 0; i < clusters.size(); ++i) {
      const auto& cluster = clusters[random.below(clusters.size())];
      rows.insert(rows.end(), cluster.begin(), cluster.end());
    }
    const double value = figure(rows);
    if (!std::isnan(value)) figures.push_back(value);
  }
  if (figures.empty()) return {0, 1};
  std::sort(figures.begin(), figures.end());
  return {quantile_of(figures, (1 - confidence) / 2), quantile_of(figures, (1 + confidence) / 2)};
}

}  // namespace bloodcell::metrics
