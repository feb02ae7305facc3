// Shares of the truth from what was said, with intervals.
#pragma once

#include <cstdint>
#include <vector>

#include <bloodcell/metrics/intervals.hpp>

namespace bloodcell::differential {

struct Corrected {
  std::vector<double> shares;
  std::vector<metrics::Interval> intervals;  // 95 %, percentile bootstrap (Efron 1979)
};

// said: counts by class. confusion[truth][said]: counts; both are drawn anew for the intervals.
[[nodiscard]] Corrected correct(const std::vector<double>& said,
                                const std::vector<std::vector<double>>& confusion,
                                std::uint64_t seed, int draws);

}  // namespace bloodcell::differential
