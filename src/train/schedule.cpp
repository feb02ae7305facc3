#include <bloodcell/train/schedule.hpp>

#include <cmath>
#include <limits>
#include <numbers>

namespace bloodcell::train {
namespace {

// From `start` to `end` as done goes from 0 to 1.
double half_cosine(double start, double end, double done) {
  return end + (start - end) * (1 + std::cos(std::numbers::pi * done)) / 2;
}

double one_cycle(double rate, double steps, double total) {
  const double start = rate / 25;
  const double end = start / 1e4;
  const double rise = 0.3 * total - 1;
  if (rise > 0 && steps <= rise) return half_cosine(start, rate, steps / rise);
  const double fall = std::max(total - 1 - std::max(rise, 0.0), 1.0);
  return half_cosine(rate, end, (steps - std::max(rise, 0.0)) / fall);
}

double plateau(const Config& config, const std::vector<EpochRecord>& history) {
  double rate = config.learning_rate;
  double best = -std::numeric_limits<double>::infinity();
  int worse = 0;
  for (const auto& record : history) {
    const double value = monitored(config, record);
    worse = value > best ? 0 : worse + 1;
    best = std::max(best, value);
    if (worse < config.plateau_patience) continue;
    rate *= config.plateau_factor;
    worse = 0;
  }
  return rate;
}

}  // namespace

double monitored(const Config& config, const EpochRecord& record) {
  if (config.monitor == "validation_accuracy") return record.validation_accuracy;
  if (config.monitor == "validation_macro_f1") return record.validation_macro_f1;
  return -record.validation_loss;
}

double learning_rate_at(const Config& config, const RunPosition& position) {
  const auto steps = static_cast<double>(position.steps);
  const double total = static_cast<double>(position.steps_per_epoch) * config.epochs;
  if (config.schedule == "one-cycle") return one_cycle(config.learning_rate, steps, total);
  const double warmup =
      std::round(config.warmup_epochs * static_cast<double>(position.steps_per_epoch));
  const double base =
      config.schedule == "plateau" ? plateau(config, *position.history) : config.learning_rate;
  if (steps < warmup) return base * (steps + 1) / warmup;
  if (config.schedule != "cosine") return base;
  return half_cosine(base, 0, (steps - warmup) / std::max(total - warmup, 1.0));
}

}  // namespace bloodcell::train
