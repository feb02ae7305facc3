#include "second_choice.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <bloodcell/predict/mixture.hpp>

namespace bloodcell::predict {

namespace {

constexpr std::array kBelow{0.5,  0.6,  0.7,   0.8,  0.85,  0.9,  0.925, 0.95,
                            0.96, 0.97, 0.975, 0.98, 0.985, 0.99, 0.995};
constexpr std::array kWeights{0.5, 0.6, 0.7, 0.8, 0.9, 1.0};

double log_loss(const metrics::PredictionTable& table) {
  constexpr double kLeast = 1e-12;
  double sum = 0;
  for (const auto& row : table.rows) {
    sum -= std::log(std::max(kLeast, row.probabilities[static_cast<std::size_t>(row.truth)]));
  }
  return sum / static_cast<double>(table.rows.size());
}

}  // namespace

std::size_t read_again(metrics::PredictionTable& table, const SecondReadings& second,
                       const model_file::SecondReading& how) {
  std::size_t again = 0;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    auto& row = table.rows[i];
    if (!is_read_again(row.confidence(), how.below)) continue;
    mix(row.probabilities, second[i], how.weight);
    ++again;
  }
  return again;
}

model_file::SecondReading choose_second(const metrics::PredictionTable& table,
                                        const SecondReadings& second, double most) {
  model_file::SecondReading best{.below = 0, .weight = kWeights.front()};
  double least = log_loss(table);
  for (const double below : kBelow) {
    for (const double weight : kWeights) {
      auto both = table;
      const model_file::SecondReading how{.below = below, .weight = weight};
      const auto again = static_cast<double>(read_again(both, second, how));
      if (again > most * static_cast<double>(table.rows.size())) continue;
      const double loss = log_loss(both);
      if (loss >= least) continue;
      least = loss;
      best = how;
    }
  }
  return best;
}

}  // namespace bloodcell::predict
