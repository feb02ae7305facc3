// Figures of cells as figures of families.
#pragma once

#include <string>
#include <vector>

namespace bloodcell::adapt {

// Mean over families of the mean in each, and its standard error.
struct Mean {
  double value = 0;
  double error = 0;
};
[[nodiscard]] Mean mean_by_family(const std::vector<double>& values,
                                  const std::vector<std::string>& families);

// What right answers gained: that mean of after less before.
[[nodiscard]] Mean gain_by_family(const std::vector<bool>& before, const std::vector<bool>& after,
                                  const std::vector<std::string>& families);

}  // namespace bloodcell::adapt
