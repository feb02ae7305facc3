#include <bloodcell/train/schedule.hpp>

#include <cmath>
#include <numbers>

#include <bloodcell/test/support.hpp>

namespace bloodcell::train {
namespace {

Config config_of(const char* schedule, int epochs = 10) {
  Config config;
  config.learning_rate = 0.1;
  config.schedule = schedule;
  config.epochs = epochs;
  return config;
}

double rate_at(const Config& config, std::int64_t steps, std::int64_t per_epoch = 10,
               const std::vector<EpochRecord>& history = {}) {
  return learning_rate_at(config, {steps, per_epoch, &history});
}

TEST(Schedule, IsConstant) {
  for (const int steps : {0, 1, 50, 99}) EXPECT_EQ(rate_at(config_of("constant"), steps), 0.1);
}

TEST(Schedule, FallsAsACosine) {
  const auto config = config_of("cosine");
  EXPECT_EQ(rate_at(config, 0), 0.1);
  EXPECT_NEAR(rate_at(config, 50), 0.05, 1e-15);
  EXPECT_NEAR(rate_at(config, 25), 0.1 * (1 + std::numbers::sqrt2 / 2) / 2, 1e-15);
  EXPECT_NEAR(rate_at(config, 100), 0, 1e-15);
}

TEST(Schedule, WarmsUpInALineThatEndsAtTheFullRate) {
  auto config = config_of("cosine");
  config.warmup_epochs = 0.4;  // 4 steps
  EXPECT_NEAR(rate_at(config, 0), 0.025, 1e-15);
  EXPECT_NEAR(rate_at(config, 1), 0.05, 1e-15);
  EXPECT_NEAR(rate_at(config, 3), 0.1, 1e-15);
  EXPECT_NEAR(rate_at(config, 4), 0.1, 1e-15);  // the cosine begins
  EXPECT_NEAR(rate_at(config, 4 + 48), 0.05, 1e-15);
}

TEST(Schedule, WarmUpAsLongAsTheRunIsALineAlone) {
  auto config = config_of("cosine", 1);
  config.warmup_epochs = 1;
  EXPECT_NEAR(rate_at(config, 4), 0.05, 1e-15);
  EXPECT_NEAR(rate_at(config, 9), 0.1, 1e-15);
}

// torch.optim.lr_scheduler.OneCycleLR(max_lr=0.1, total_steps=100), PyTorch 1.13.
TEST(Schedule, OneCycleIsPyTorchs) {
  const auto config = config_of("one-cycle");
  EXPECT_NEAR(rate_at(config, 0), 0.004, 1e-12);
  EXPECT_NEAR(rate_at(config, 29), 0.1, 1e-12);
  EXPECT_NEAR(rate_at(config, 10), 0.004 + 0.096 * (1 - std::cos(std::numbers::pi * 10 / 29)) / 2,
              1e-12);
  EXPECT_NEAR(rate_at(config, 64), 0.0500002, 1e-7);  // half way down
  EXPECT_NEAR(rate_at(config, 99), 0.004 / 1e4, 1e-12);
}

TEST(Schedule, OneCycleOfAFewStepsStaysWithinItsPeak) {
  for (int total = 1; total <= 5; ++total) {
    for (int step = 0; step < total; ++step) {
      const double rate = rate_at(config_of("one-cycle", 1), step, total);
      EXPECT_GT(rate, 0) << step << " of " << total;
      EXPECT_LE(rate, 0.1) << step << " of " << total;
    }
  }
}

std::vector<EpochRecord> losses(std::initializer_list<double> values) {
  std::vector<EpochRecord> history;
  for (const double loss : values) {
    EpochRecord record;
    record.validation_loss = loss;
    record.validation_accuracy = 1 - loss;
    history.push_back(record);
  }
  return history;
}

TEST(Schedule, PlateauFallsAfterSoManyEpochsWithoutABetterOne) {
  auto config = config_of("plateau");
  config.plateau_patience = 2;
  config.plateau_factor = 0.1;
  const auto after = [&](std::initializer_list<double> values) {
    return rate_at(config, 0, 10, losses(values));
  };
  EXPECT_DOUBLE_EQ(after({}), 0.1);
  EXPECT_DOUBLE_EQ(after({0.9, 0.8, 0.85}), 0.1);
  EXPECT_DOUBLE_EQ(after({0.9, 0.8, 0.85, 0.8}), 0.01);  // equal is not better
  EXPECT_DOUBLE_EQ(after({0.9, 0.8, 0.85, 0.8, 0.9}), 0.01);
  EXPECT_DOUBLE_EQ(after({0.9, 0.8, 0.85, 0.8, 0.9, 0.9}), 0.001);
  EXPECT_DOUBLE_EQ(after({0.9, 0.8, 0.85, 0.7, 0.9}), 0.1);  // a better one forgives
}

TEST(Schedule, PlateauWatchesTheMonitor) {
  auto config = config_of("plateau");
  config.plateau_patience = 1;
  config.monitor = "validation_accuracy";
  EXPECT_DOUBLE_EQ(rate_at(config, 0, 10, losses({0.5, 0.4, 0.3})), 0.1);
  EXPECT_DOUBLE_EQ(rate_at(config, 0, 10, losses({0.5, 0.6})), 0.05);
}

}  // namespace
}  // namespace bloodcell::train
