// Two readings of a cell as one.
#pragma once

#include <cstddef>
#include <vector>

namespace bloodcell::predict {

// Whether a cell of this confidence is read again; below 1: every cell, 0: none.
[[nodiscard]] inline bool is_read_again(double confidence, double below) {
  return below >= 1 || confidence < below;
}

// own = (1 − weight) · own + weight · second; of equal length.
inline void mix(std::vector<double>& own, const std::vector<double>& second, double weight) {
  for (std::size_t k = 0; k < own.size(); ++k) {
    own[k] = (1 - weight) * own[k] + weight * second[k];
  }
}

}  // namespace bloodcell::predict
