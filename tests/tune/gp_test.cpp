#include <bloodcell/tune/sampler.hpp>

#include <cmath>
#include <numbers>
#include <set>

#include <bloodcell/test/support.hpp>

#include "samplers/acquisition.hpp"
#include "samplers/descent.hpp"
#include "samplers/gaussian_process.hpp"
#include "samplers/unit_cube.hpp"
#include "samplers/warp.hpp"
#include "studies.hpp"

namespace bloodcell::tune {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using test::bowl;

Observations seen_at(const std::vector<double>& points, const std::vector<double>& values) {
  Observations seen;
  seen.points =
      Eigen::Map<const MatrixXd>(points.data(), static_cast<Eigen::Index>(values.size()),
                                 static_cast<Eigen::Index>(points.size() / values.size()));
  seen.values = Eigen::Map<const VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
  seen.is_category.assign(points.size() / values.size(), false);
  return seen;
}

VectorXd point(std::initializer_list<double> values) {
  VectorXd result(static_cast<Eigen::Index>(values.size()));
  Eigen::Index i = 0;
  for (const double value : values) result[i++] = value;
  return result;
}

// One value y at 0, kernel k: mean k(x) y / (1 + noise), variance 1 − k(x)² / (1 + noise).
// k at distance 0.5 with length 1: (1 + r + r²/3) e^−r, r = √5 / 2.
TEST(GaussianProcess, PredictsFromOneValueAsWorkedByHand) {
  const GaussianProcess process(seen_at({0}, {2}), {point({1}), 1, 0.1});
  const double r = std::sqrt(5.0) / 2;
  const double k = (1 + r + r * r / 3) * std::exp(-r);
  const auto there = process.at(point({0.5}), false);
  EXPECT_NEAR(there.mean, 2 * k / 1.1, 1e-12);
  EXPECT_NEAR(there.deviation, std::sqrt(1 - k * k / 1.1), 1e-12);
}

TEST(GaussianProcess, SlopesAreThoseOfItsPredictions) {
  Observations seen = seen_at({0.1, 0.4, 0.9, 0.2, 0.7, 0.3, 0, 1, 1}, {1, -0.5, -0.5});
  seen.is_category[2] = true;
  const GaussianProcess process(seen, {point({3, 8, 0.5}), 1.3, 1e-4});
  const VectorXd here = point({0.35, 0.55, 1});
  const auto slopes = process.at(here, true);
  for (const int d : {0, 1}) {
    VectorXd more = here;
    VectorXd less = here;
    more[d] += 1e-6;
    less[d] -= 1e-6;
    const auto after = process.at(more, false);
    const auto before = process.at(less, false);
    EXPECT_NEAR(slopes.mean_slope[d], (after.mean - before.mean) / 2e-6, 1e-5);
    EXPECT_NEAR(slopes.deviation_slope[d], (after.deviation - before.deviation) / 2e-6, 1e-5);
  }
  EXPECT_EQ(slopes.mean_slope[2], 0);
}

TEST(GaussianProcess, FindsWhichDimensionMattersAndThatThereIsLittleNoise) {
  std::vector<double> points(60);
  std::vector<double> values(30);
  for (std::size_t i = 0; i < 30; ++i) {
    points[i] = static_cast<double>(i) / 30;
    points[30 + i] = static_cast<double>((7 * i) % 30) / 30;
    values[i] = std::sqrt(2.0) * std::sin(2 * std::numbers::pi * points[i]);
  }
  const auto kernel = fit_kernel(seen_at(points, values));
  EXPECT_GT(kernel.inverse_squared_lengths[0], 20 * kernel.inverse_squared_lengths[1]);
  EXPECT_LT(kernel.noise, 0.01);
}

// Hartmann's function of three dimensions once ended at 0.0079, its first dimension given up.
TEST(GaussianProcess, GivesNoDimensionUp) {
  std::vector<double> points(60);
  std::vector<double> values(20);
  for (int i = 0; i < 20; ++i) {
    const double x = i / 19.0;
    for (int d = 0; d < 3; ++d) points[i + 20 * d] = std::fmod(x * (d == 0 ? 1 : 7 * d), 1.0);
    values[i] = std::sin(6 * points[i]);
  }
  const auto kernel = fit_kernel(seen_at(points, values));
  for (const int d : {1, 2}) {
    EXPECT_GT(kernel.inverse_squared_lengths[d], 1.0 / 36);
    EXPECT_LT(kernel.inverse_squared_lengths[d], kernel.inverse_squared_lengths[0] / 10);
  }
}

TEST(Acquisition, IsTheLogarithmOfTheExpectedImprovement) {
  EXPECT_NEAR(log_improvement(0), std::log(1 / std::sqrt(2 * std::numbers::pi)), 1e-14);
  EXPECT_NEAR(log_improvement(5), std::log(5), 1e-7);
  // mpmath with 50 digits.
  EXPECT_NEAR(log_improvement(-10), -55.5531220361, 1e-9);
  EXPECT_NEAR(log_improvement(-40), -808.298568357, 1e-7);
  EXPECT_NEAR(log_improvement(-1000.001) - log_improvement(-999.999), -2.0, 1e-3);
}

TEST(Acquisition, SlopeIsThatOfItsValueAlsoWithALimit) {
  const auto process = [](double sign) {
    return GaussianProcess(seen_at({0.1, 0.5, 0.9}, {sign, -0.4, 0.2}), {point({6}), 1, 1e-4});
  };
  const Acquisition promise(process(1), -0.4, true, {{process(-1), 0.1}});
  for (const double x : {0.2, 0.37, 0.8}) {
    VectorXd slope;
    promise.at(point({x}), slope);
    const double numeric = (promise.at(point({x + 1e-6})) - promise.at(point({x - 1e-6}))) / 2e-6;
    EXPECT_NEAR(slope[0], numeric, 1e-4 * (1 + std::abs(numeric)));
  }
}

TEST(Descent, StopsAtTheBound) {
  const Smooth slide = [](const VectorXd& x, VectorXd& gradient) {
    gradient = VectorXd::Ones(x.size());
    return x.sum();
  };
  const auto found = descend(slide, point({0.5, 0.6}), {point({0.2, 0}), point({1, 1})}, 50);
  EXPECT_NEAR(found[0], 0.2, 1e-9);
  EXPECT_NEAR(found[1], 0, 1e-9);
}

TEST(Warp, KeepsTheOrderAndTamesALargeValue) {
  const VectorXd values = point({1, 2, 3, 4, 1e6});
  const VectorXd tamed = normalised(values);
  for (Eigen::Index i = 1; i < values.size(); ++i) EXPECT_LT(tamed[i - 1], tamed[i]);
  EXPECT_LT(tamed[4], standardised(values)[4]);
  EXPECT_NEAR(tamed.mean(), 0, 1e-12);
  EXPECT_EQ(normalised(point({3, 3})), VectorXd::Zero(2));
}

TEST(UnitCube, GoesThereAndBack) {
  const UnitCube cube({FloatRange{1e-5, 1e-1, true, std::nullopt}, IntRange{1, 5, false, 1},
                       Categories{{Value{true}, Value{false}}}, FloatRange{0, 0.5, false, 0.05}});
  EXPECT_NEAR(cube.coordinate_of(0, 1e-3), 0.5, 1e-12);
  EXPECT_NEAR(cube.inner_of(0, 0.5), 1e-3, 1e-12);
  EXPECT_TRUE(cube.grid(0).empty());
  ASSERT_EQ(cube.grid(1).size(), 5U);
  EXPECT_EQ(cube.inner_of(1, cube.grid(1)[3]), 4);
  EXPECT_EQ(cube.grid(2).size(), 2U);
  ASSERT_EQ(cube.grid(3).size(), 11U);
  EXPECT_NEAR(cube.inner_of(3, cube.grid(3)[2]), 0.1, 1e-12);
}

double best_after(Study& study, int trials) {
  EXPECT_OK(optimize(study, bowl, {.trials = trials}));
  return best_of(study.look().value())->values[0];
}

TEST(GpSampler, ComesCloseInThirtyTrials) {
  const auto storage = memory_storage();
  Study study = Study::open(*storage, "study", test::kMinimize, gp_sampler({.seed = 3})).value();
  EXPECT_LT(best_after(study, 30), 1e-4);
}

TEST(GpSampler, RepeatsWhatItProposed) {
  std::vector<TrialRecord> trials;
  for (int i = 0; i < 12; ++i)
    trials.push_back(test::complete(i, i * 0.1, {{"x", i / 12.0}, {"y", (i * 5 % 12) / 12.0}}));
  const auto propose = [&](std::uint64_t seed) {
    const auto together =
        gp_sampler({.seed = seed})->sample_together(test::view_of(trials), test::running(12));
    return std::vector<double>{together.at(0).inner, together.at(1).inner};
  };
  EXPECT_EQ(propose(1), propose(1));
}

TEST(GpSampler, KeepsAwayFromWhatRuns) {
  std::vector<TrialRecord> trials;
  for (int i = 0; i < 12; ++i)
    trials.push_back(test::complete(i, std::pow(i / 11.0 - 0.52, 2), {{"x", i / 11.0}}));
  const auto sampler = gp_sampler({.seed = 1});
  const double first =
      sampler->sample_together(test::view_of(trials), test::running(12)).at(0).inner;
  TrialRecord busy = test::complete(12, 0, {{"x", first}});
  busy.state = TrialState::running;
  busy.values.clear();
  trials.push_back(busy);
  const double second =
      sampler->sample_together(test::view_of(trials), test::running(13)).at(0).inner;
  EXPECT_GT(std::abs(first - second), 1e-6);
}

TEST(GpSampler, KeepsConstraints) {
  std::vector<TrialRecord> trials;
  for (int i = 0; i < 16; ++i) {  // lower is better to the left, where it is forbidden
    TrialRecord trial = test::complete(i, i / 15.0, {{"x", i / 15.0}});
    trial.constraints["c"] = 0.5 - i / 15.0;
    trials.push_back(trial);
  }
  const double x = gp_sampler({.seed = 1})
                       ->sample_together(test::view_of(trials), test::running(16))
                       .at(0)
                       .inner;
  EXPECT_GT(x, 0.45);
  EXPECT_LT(x, 0.62);
}

TEST(GpSampler, LearnsFromMoreTrialsThanItsKernelIsFittedTo) {
  std::vector<TrialRecord> trials;
  for (int i = 0; i < 260; ++i) {
    const double x = (i * 97 % 260) / 260.0;
    trials.push_back(test::complete(i, std::pow(x - 0.6131, 2), {{"x", x}}));
  }
  const double x = gp_sampler({.seed = 1})
                       ->sample_together(test::view_of(trials), test::running(260))
                       .at(0)
                       .inner;
  EXPECT_NEAR(x, 0.6131, 0.004);  // between the two nearest of what it knows
}

TEST(GpSampler, BearsInfiniteAndEqualValues) {
  std::vector<TrialRecord> trials;
  for (int i = 0; i < 12; ++i) trials.push_back(test::complete(i, 1, {{"x", i / 12.0}}));
  trials[3].values[0] = std::numeric_limits<double>::infinity();
  trials[4].values[0] = -std::numeric_limits<double>::infinity();
  const auto together = gp_sampler({})->sample_together(test::view_of(trials), test::running(12));
  ASSERT_EQ(together.size(), 1U);
  EXPECT_TRUE(contains(together[0].distribution, together[0].inner));
}

TEST(GpSampler, TakesSeveralObjectives) {
  std::vector<TrialRecord> trials;
  for (int i = 0; i < 12; ++i) {
    TrialRecord trial = test::complete(i, i / 11.0, {{"x", i / 11.0}});
    trial.values.push_back(1 - i / 11.0);
    trials.push_back(trial);
  }
  const std::vector<Direction> both{Direction::minimize, Direction::minimize};
  EXPECT_EQ(gp_sampler({})->sample_together(test::view_of(trials, both), test::running(12)).size(),
            1U);
}

// min x and min (1 − x) + y: the front is y = 0.
TEST(Nsga2Sampler, MovesItsPopulationToTheFront) {
  const auto storage = memory_storage();
  Study study = Study::open(*storage, "study", {Direction::minimize, Direction::minimize},
                            nsga2_sampler({.seed = 5, .population = 20}))
                    .value();
  double early = 0;
  double late = 0;
  for (int i = 0; i < 200; ++i) {
    auto trial = study.ask().value();
    const double x = trial.suggest_float("x", {0, 1, false, std::nullopt}).value();
    const double y = trial.suggest_float("y", {0, 1, false, std::nullopt}).value();
    ASSERT_OK(study.tell(trial, {x, 1 - x + y}));
    if (i < 50) early += y / 50;
    if (i >= 150) late += y / 50;
  }
  EXPECT_LT(late, 0.6 * early);
}

TEST(Nsga2Sampler, BeginsAtRandomAndRepeatsWithItsSeed) {
  std::vector<TrialRecord> few{test::complete(0, 1, {{"x", 0.5}})};
  EXPECT_TRUE(nsga2_sampler({})->sample_together(test::view_of(few), test::running(1)).empty());
  std::vector<TrialRecord> many;
  for (int i = 0; i < 60; ++i)
    many.push_back(test::complete(i, i, {{"x", i / 60.0}, {"y", 1 - i / 60.0}}));
  const auto child = [&](std::uint64_t seed) {
    std::vector<double> values;
    for (int n = 60; n < 70; ++n) {
      for (const auto& parameter :
           nsga2_sampler({.seed = seed})->sample_together(test::view_of(many), test::running(n)))
        values.push_back(parameter.inner);
    }
    return values;
  };
  EXPECT_EQ(child(1), child(1));
  EXPECT_NE(child(1), child(2));
}

}  // namespace
}  // namespace bloodcell::tune
