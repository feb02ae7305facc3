#include "samplers/parzen.hpp"

#include <cmath>
#include <map>
#include <numbers>

#include <bloodcell/test/support.hpp>

namespace bloodcell::tune {
namespace {

double density_at(const Parzen& parzen, std::vector<double> point) {
  return std::exp(parzen.log_density(Points{point.size(), std::move(point)})[0]);
}

double normal(double x, double mean, double width) {
  const double z = (x - mean) / width;
  return std::exp(-0.5 * z * z) / (width * std::sqrt(2 * std::numbers::pi));
}

double cdf(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

TEST(Parzen, OfNothingIsTheWidePrior) {
  const Distribution range = FloatRange{0, 1, false, std::nullopt};
  const Parzen parzen(std::span(&range, 1), Points{1, {}}, {}, {});
  // A normal about 0.5 of width 1, cut to [0, 1].
  EXPECT_NEAR(density_at(parzen, {0.25}), normal(0.25, 0.5, 1) / (cdf(0.5) - cdf(-0.5)), 1e-12);
}

TEST(Parzen, HasTheWidthsOfItsNeighboursGaps) {
  const Distribution range = FloatRange{0, 1, false, std::nullopt};
  const std::vector<double> weights(3, 1);
  const Parzen parzen(std::span(&range, 1), Points{1, {0.8, 0.1, 0.3}}, weights,
                      {.magic_clip = false});
  // Gaps by hand: 0.1 -> 0.2 (its one neighbour), 0.3 -> 0.5, 0.8 -> 0.5; the prior 1 about 0.5.
  const auto kernel = [](double x, double mean, double width) {
    return normal(x, mean, width) / (cdf((1 - mean) / width) - cdf(-mean / width));
  };
  for (const double x : {0.0, 0.2, 0.77}) {
    EXPECT_NEAR(
        density_at(parzen, {x}),
        (kernel(x, 0.1, 0.2) + kernel(x, 0.3, 0.5) + kernel(x, 0.8, 0.5) + kernel(x, 0.5, 1)) / 4,
        1e-12);
  }
}

TEST(Parzen, ClipsNarrowKernels) {
  const Distribution range = FloatRange{0, 1, false, std::nullopt};
  const std::vector<double> weights(2, 1);
  const Points twins{1, {0.5, 0.5}};
  const Parzen clipped(std::span(&range, 1), twins, weights, {});
  // Three kernels with the prior: none narrower than 1 / (1 + 3)^1.2.
  const double width = std::pow(4, -1.2);
  const double kernel = normal(0.5, 0.5, width) / (2 * cdf(0.5 / width) - 1);
  EXPECT_NEAR(density_at(clipped, {0.5}),
              (2 * kernel + normal(0.5, 0.5, 1) / (2 * cdf(0.5) - 1)) / 3, 1e-12);
}

TEST(Parzen, GivesStepsAndChoicesProbabilitiesThatSumToOne) {
  const std::vector<Distribution> space{IntRange{1, 20, true, 1},
                                        Categories{{Value{}, Value{true}, Value{false}}}};
  const std::vector<double> weights{1, 0.5, 0.25};
  const Parzen parzen(space, Points{2, {3, 0, 3, 2, 17, 2}}, weights, {});
  double sum = 0;
  for (double units = 1; units <= 20; ++units) {
    for (double choice = 0; choice < 3; ++choice) sum += density_at(parzen, {units, choice});
  }
  EXPECT_NEAR(sum, 1, 1e-9);
}

TEST(Parzen, SamplesAsItsDensitySays) {
  const std::vector<Distribution> space{IntRange{0, 4, false, 1},
                                        Categories{{Value{}, Value{true}}}};
  const std::vector<double> weights{1, 1};
  const Parzen parzen(space, Points{2, {1, 0, 3, 1}}, weights, {});
  Random random(1, 2, 3);
  std::map<std::vector<double>, int> counts;
  constexpr int kDraws = 20'000;
  for (int i = 0; i < kDraws; ++i) ++counts[parzen.sample(random)];
  for (const auto& [point, count] : counts) {
    const double expected = kDraws * density_at(parzen, point);
    EXPECT_NEAR(count, expected, 4 * std::sqrt(expected));
  }
}

TEST(Parzen, WeighsAChoiceAsItsObservationAndTheShareOfThePrior) {
  const Distribution choices = Categories{{Value{}, Value{true}, Value{false}}};
  const std::vector<double> weights{1};
  const Parzen parzen(std::span(&choices, 1), Points{1, {2}}, weights, {});
  // Two kernels: (1/2, 1/2, 3/2) / (5/2) and (1/3, 1/3, 1/3).
  EXPECT_NEAR(density_at(parzen, {2}), (0.6 + 1.0 / 3) / 2, 1e-12);
  EXPECT_NEAR(density_at(parzen, {0}), (0.2 + 1.0 / 3) / 2, 1e-12);
}

}  // namespace
}  // namespace bloodcell::tune
