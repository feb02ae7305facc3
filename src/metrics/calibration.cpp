#include <bloodcell/metrics/calibration.hpp>

#include <algorithm>
#include <cmath>

#include <bloodcell/metrics/predictions.hpp>

namespace bloodcell::metrics {

namespace {

double negative_log_likelihood(std::span<const float> logits, std::span<const int> truths,
                               std::size_t classes, double temperature) {
  double sum = 0;
  for (std::size_t i = 0; i < truths.size(); ++i) {
    const auto row = logits.subspan(i * classes, classes);
    const double largest = *std::max_element(row.begin(), row.end());
    double total = 0;
    for (const float value : row) total += std::exp((value - largest) / temperature);
    sum += std::log(total) - (row[static_cast<std::size_t>(truths[i])] - largest) / temperature;
  }
  return sum;
}

}  // namespace

double fit_temperature(std::span<const float> logits, std::span<const int> truths, int classes) {
  if (truths.empty()) return 1;
  const auto loss = [&](double log_temperature) {
    return negative_log_likelihood(logits, truths, static_cast<std::size_t>(classes),
                                   std::exp(log_temperature));
  };
  const double ratio = (std::sqrt(5.0) - 1) / 2;
  double low = std::log(0.05);
  double high = std::log(20.0);
  double a = high - ratio * (high - low);
  double b = low + ratio * (high - low);
  double loss_a = loss(a);
  double loss_b = loss(b);
  while (high - low > 1e-6) {
    if (loss_a < loss_b) {
      high = b;
      b = a;
      loss_b = loss_a;
      a = high - ratio * (high - low);
      loss_a = loss(a);
    } else {
      low = a;
      a = b;
      loss_a = loss_b;
      b = low + ratio * (high - low);
      loss_b = loss(b);
    }
  }
  return std::exp((low + high) / 2);
}

double expected_calibration_error(std::span<const double> confidences,
                                  const std::vector<bool>& right, int bins) {
  if (confidences.empty()) return 0;
  std::vector<double> confidence_sum(static_cast<std::size_t>(bins));
  std::vector<double> right_sum(static_cast<std::size_t>(bins));
  for (std::size_t i = 0; i < confidences.size(); ++i) {
    const auto bin =
        static_cast<std::size_t>(std::clamp(static_cast<int>(confidences[i] * bins), 0, bins - 1));
    confidence_sum[bin] += confidences[i];
    right_sum[bin] += right[i] ? 1 : 0;
  }
  double error = 0;
  for (std::size_t bin = 0; bin < confidence_sum.size(); ++bin) {
    error += std::abs(confidence_sum[bin] - right_sum[bin]);
  }
  return error / static_cast<double>(confidences.size());
}

}  // namespace bloodcell::metrics
