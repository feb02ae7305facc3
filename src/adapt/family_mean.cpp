#include "family_mean.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace bloodcell::adapt {

Mean mean_by_family(const std::vector<double>& values, const std::vector<std::string>& families) {
  std::map<std::string, std::pair<double, double>> sums;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sums[families[i]].first += values[i];
    sums[families[i]].second += 1;
  }
  Mean mean;
  const auto count = static_cast<double>(sums.size());
  for (const auto& [name, sum] : sums) mean.value += sum.first / sum.second / count;
  double square = 0;
  for (const auto& [name, sum] : sums) {
    square += std::pow(sum.first / sum.second - mean.value, 2);
  }
  mean.error = std::sqrt(square / std::max(count - 1, 1.0) / count);
  return mean;
}

Mean gain_by_family(const std::vector<bool>& before, const std::vector<bool>& after,
                    const std::vector<std::string>& families) {
  std::vector<double> gain;
  for (std::size_t i = 0; i < before.size(); ++i) {
    gain.push_back((after[i] ? 1.0 : 0.0) - (before[i] ? 1.0 : 0.0));
  }
  return mean_by_family(gain, families);
}

}  // namespace bloodcell::adapt
