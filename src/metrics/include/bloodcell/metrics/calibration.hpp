// Making a confidence mean what it says.
#pragma once

#include <span>
#include <vector>

namespace bloodcell::metrics {

// The temperature in [0.05, 20] that makes softmax(logits / t) most likely (Guo et al. 2017), by
// golden section on log t. logits: rows × classes; truths in 0 … classes−1; no rows gives 1.
[[nodiscard]] double fit_temperature(std::span<const float> logits, std::span<const int> truths,
                                     int classes);

// Expected calibration error (Naeini et al. 2015) with equal bins of confidence; 0 for no rows.
[[nodiscard]] double expected_calibration_error(std::span<const double> confidences,
                                                const std::vector<bool>& right, int bins = 15);

}  // namespace bloodcell::metrics
