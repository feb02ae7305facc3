#include <algorithm>
#include <cmath>
#include <numeric>

#include <bloodcell/base/random.hpp>
#include <bloodcell/differential/differential.hpp>

#include "correction.hpp"

namespace bloodcell::differential {

namespace {

using Rates = std::vector<std::vector<double>>;

// Counts of `draws` picks among `weights` (not all zero).
std::vector<double> multinomial(const std::vector<double>& weights, std::uint64_t draws,
                                Random& random) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<double> drawn(weights.size());
  for (std::uint64_t i = 0; i < draws; ++i) {
    double point = random.uniform() * sum;
    std::size_t at = 0;
    while (at + 1 < weights.size() && point >= weights[at]) point -= weights[at++];
    ++drawn[at];
  }
  return drawn;
}

// A class that was never judged is taken to be named right.
Rates rates_of(const Rates& confusion) {
  Rates rates = confusion;
  for (std::size_t truth = 0; truth < rates.size(); ++truth) {
    const double sum = std::accumulate(rates[truth].begin(), rates[truth].end(), 0.0);
    for (double& rate : rates[truth]) rate = sum > 0 ? rate / sum : 0;
    if (sum == 0) rates[truth][truth] = 1;
  }
  return rates;
}

}  // namespace

std::vector<double> corrected_shares(const std::vector<double>& said, const Rates& rates) {
  constexpr int kSteps = 500;
  constexpr double kEnough = 1e-10;
  const double sum = std::accumulate(said.begin(), said.end(), 0.0);
  const std::size_t classes = said.size();
  if (sum == 0) return std::vector<double>(classes);
  std::vector<double> shares(classes, 1.0 / static_cast<double>(classes));
  for (int step = 0; step < kSteps; ++step) {
    std::vector<double> next(classes);
    for (std::size_t s = 0; s < classes; ++s) {
      double expected = 0;
      for (std::size_t t = 0; t < classes; ++t) expected += shares[t] * rates[t][s];
      if (said[s] == 0 || expected == 0) continue;
      for (std::size_t t = 0; t < classes; ++t) {
        next[t] += said[s] * shares[t] * rates[t][s] / expected;
      }
    }
    const double whole = std::accumulate(next.begin(), next.end(), 0.0);
    if (whole == 0) return shares;
    double change = 0;
    for (std::size_t t = 0; t < classes; ++t) {
      next[t] /= whole;
      change = std::max(change, std::abs(next[t] - shares[t]));
    }
    shares = std::move(next);
    if (change < kEnough) break;
  }
  return shares;
}

Corrected correct(const std::vector<double>& said, const Rates& confusion, std::uint64_t seed,
                  int draws) {
  constexpr double kTail = 0.025;
  Corrected corrected{corrected_shares(said, rates_of(confusion)), {}};
  const auto cells = static_cast<std::uint64_t>(std::accumulate(said.begin(), said.end(), 0.0));
  std::vector<std::vector<double>> by_class(said.size());
  for (int draw = 0; cells > 0 && draw < draws; ++draw) {
    Random random(seed, stream_of("differential"), static_cast<std::uint64_t>(draw));
    Rates drawn;
    for (const auto& row : confusion) {
      const double sum = std::accumulate(row.begin(), row.end(), 0.0);
      drawn.push_back(sum > 0 ? multinomial(row, static_cast<std::uint64_t>(sum), random) : row);
    }
    const auto shares = corrected_shares(multinomial(said, cells, random), rates_of(drawn));
    for (std::size_t c = 0; c < shares.size(); ++c) by_class[c].push_back(shares[c]);
  }
  for (auto& values : by_class) {
    std::sort(values.begin(), values.end());
    const auto at = [&](double share) {
      return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
    };
    corrected.intervals.push_back(values.empty() ? metrics::Interval{}
                                                 : metrics::Interval{at(kTail), at(1 - kTail)});
  }
  return corrected;
}

}  // namespace bloodcell::differential
