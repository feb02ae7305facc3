#include <bloodcell/tune/sampler.hpp>

#include <algorithm>
#include <map>
#include <set>

#include <bloodcell/test/support.hpp>

#include "samplers/normal.hpp"
#include "samplers/ranking.hpp"
#include "samplers/sobol.hpp"
#include "samplers/table.hpp"
#include "studies.hpp"

namespace bloodcell::tune {
namespace {

using test::complete;
using test::view_of;

const Distribution kUnit = FloatRange{0, 1, false, std::nullopt};
const Distribution kChoices = Categories{{Value{std::int64_t{0}}, Value{std::int64_t{1}}}};

// The values that trials 0 … count-1 of an empty study get for one parameter.
std::vector<double> draws(const Sampler& sampler, int count,
                          const Distribution& distribution = kUnit) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i)
    values.push_back(sampler.sample_one(view_of({}), test::running(i), "x", distribution));
  return values;
}

TEST(Sobol, HasThePointsOfJoeAndKuo) {
  // The first points of new-joe-kuo-6 in Gray-code order, as SciPy's qmc.Sobol gives them.
  const double expected[8][4] = {{0, 0, 0, 0},
                                 {0.5, 0.5, 0.5, 0.5},
                                 {0.75, 0.25, 0.25, 0.25},
                                 {0.25, 0.75, 0.75, 0.75},
                                 {0.375, 0.375, 0.625, 0.875},
                                 {0.875, 0.875, 0.125, 0.375},
                                 {0.625, 0.125, 0.875, 0.625},
                                 {0.125, 0.625, 0.375, 0.125}};
  for (std::uint32_t i = 0; i < 8; ++i) {
    for (int d = 0; d < 4; ++d) EXPECT_EQ(sobol(i, d), expected[i][d]) << i << ", " << d;
  }
  EXPECT_NEAR(sobol(1000, 5), 0.90722656, 1e-8);
  EXPECT_NEAR(sobol(1000, 20), 0.52246094, 1e-8);
  EXPECT_NEAR(sobol(1000, 40), 0.91308594, 1e-8);
  EXPECT_NEAR(sobol(1000, 63), 0.44628906, 1e-8);
}

TEST(Sobol, PutsOnePointInEachEqualPartAlsoWhenScrambled) {
  for (int dimension = 0; dimension < kSobolDimensionCount; ++dimension) {
    std::set<int> parts;
    for (std::uint32_t i = 0; i < 64; ++i)
      parts.insert(static_cast<int>(scrambled_sobol(i, dimension, 7) * 64));
    EXPECT_EQ(parts.size(), 64U) << dimension;
  }
  EXPECT_NE(scrambled_sobol(0, 0, 1), scrambled_sobol(0, 0, 2));
}

TEST(Normal, AgreesWithPublishedValuesFarIntoTheTails) {
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(normal_quantile(0.3), -0.5244005127080409, 1e-14);
  EXPECT_NEAR(normal_quantile(1e-10), -6.361340902404056, 1e-12);
  EXPECT_NEAR(normal_quantile(1e-300), -37.0470963, 1e-7);
  EXPECT_NEAR(log_normal_cdf(-40), -804.608442, 1e-6);
  EXPECT_NEAR(log_normal_cdf(-20.5), -214.066729, 1e-6);
  EXPECT_NEAR(log_normal_cdf(7), -1.27981254e-12, 1e-19);
  EXPECT_NEAR(log_normal_mass(-30, -29), -424.78741990973043, 1e-9);
  EXPECT_NEAR(log_normal_mass(29, 30), -424.78741990973043, 1e-9);
  EXPECT_NEAR(log_normal_mass(-1.959963984540054, 1.959963984540054), std::log(0.95), 1e-14);
}

TEST(RandomSampler, DependsOnSeedTrialAndNameAlone) {
  const auto sampler = random_sampler(1);
  EXPECT_EQ(draws(*sampler, 50), draws(*random_sampler(1), 50));
  EXPECT_NE(draws(*sampler, 50), draws(*random_sampler(2), 50));
  EXPECT_NE(sampler->sample_one(view_of({}), test::running(0), "x", kUnit),
            sampler->sample_one(view_of({}), test::running(0), "y", kUnit));
}

TEST(SobolSampler, SpreadsBetterThanChance) {
  auto values = draws(*sobol_sampler(3), 32);
  std::ranges::sort(values);
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_EQ(static_cast<std::size_t>(values[i] * 32), i);
}

TEST(GridSampler, TriesEachCombinationOnceAndEnds) {
  // The seed project's grid of 2024: 2 x 2 x 2 x 2 x 2 x 2 combinations.
  Grid grid;
  for (const char* name : {"rate", "layers", "units", "dropout", "norm", "l2"})
    grid.emplace_back(name, std::get<Categories>(kChoices).choices);
  const auto sampler = grid_sampler(grid, 5);
  ASSERT_OK(sampler);
  std::set<std::vector<double>> tried;
  std::vector<TrialRecord> trials;
  for (int number = 0; number < 64; ++number) {
    EXPECT_FALSE((*sampler)->is_exhausted(view_of(trials)));
    std::vector<double> point;
    for (const auto& [name, values] : grid)
      point.push_back(
          (*sampler)->sample_one(view_of(trials), test::running(number), name, kChoices));
    tried.insert(point);
    trials.push_back(complete(number, 0));
  }
  EXPECT_EQ(tried.size(), 64U);
  EXPECT_TRUE((*sampler)->is_exhausted(view_of(trials)));
}

TEST(GridSampler, ARetryTakesThePlaceOfTheOneThatWasLost) {
  const Grid grid{{"x", std::get<Categories>(kChoices).choices}};
  const auto sampler = grid_sampler(grid, 5);
  ASSERT_OK(sampler);
  auto lost = test::running(0);
  const double first = (*sampler)->sample_one(view_of({}), lost, "x", kChoices);
  lost.state = TrialState::failed;
  auto again = test::running(1);
  again.state = TrialState::waiting;
  again.system_attributes["retry_history"] = "[0]";
  std::vector<TrialRecord> trials{lost, again};
  EXPECT_FALSE((*sampler)->is_exhausted(view_of(trials)));
  EXPECT_EQ((*sampler)->sample_one(view_of(trials), again, "x", kChoices), first);
  trials[1].state = TrialState::complete;
  const double second = (*sampler)->sample_one(view_of(trials), test::running(2), "x", kChoices);
  EXPECT_NE(second, first);
  trials.push_back(complete(2, 0));
  EXPECT_TRUE((*sampler)->is_exhausted(view_of(trials)));
}

TEST(GridSampler, RefusesWhatHasNoEnd) {
  EXPECT_ERROR(grid_sampler({{"x", {}}}, 0), ErrorCode::usage);
  Grid endless;
  for (int i = 0; i < 31; ++i)
    endless.emplace_back(std::to_string(i), std::get<Categories>(kChoices).choices);
  EXPECT_ERROR(grid_sampler(endless, 0), ErrorCode::usage);
}

// Twenty trials of x in [0, 1], best near 0.2, and the parameter y only in the odd ones.
std::vector<TrialRecord> conditional_trials() {
  std::vector<TrialRecord> trials;
  for (int i = 0; i < 20; ++i) {
    const double x = (i * 7 % 20 + 0.5) / 20;
    std::vector<std::pair<std::string, double>> values{{"x", x}};
    if (i % 2 == 1) values.emplace_back("y", 0.5);
    trials.push_back(complete(i, std::abs(x - 0.2), values));
  }
  return trials;
}

TEST(TpeSampler, ProposesNearTheGoodOnes) {
  const auto trials = conditional_trials();
  for (const bool multivariate : {false, true}) {
    TpeOptions options;
    options.multivariate = multivariate;
    int near = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      options.seed = seed;
      const auto sampler = tpe_sampler(options);
      const TrialRecord trial = test::running(20);
      double x = 0;
      if (multivariate) {
        const auto chosen = sampler->sample_together(view_of(trials), trial);
        const auto found = std::ranges::find(chosen, "x", &Parameter::name);
        ASSERT_NE(found, chosen.end());
        x = found->inner;
      } else {
        x = sampler->sample_one(view_of(trials), trial, "x", kUnit);
      }
      near += std::abs(x - 0.2) < 0.15 ? 1 : 0;
    }
    EXPECT_GE(near, 15) << multivariate;
  }
}

TEST(TpeSampler, BeginsWithEvenlySpreadTrials) {
  TpeOptions options;
  options.seed = 3;
  const auto trials = conditional_trials();
  const auto few = std::vector<TrialRecord>(trials.begin(), trials.begin() + 9);
  const auto sampler = tpe_sampler(options);
  EXPECT_TRUE(sampler->sample_together(view_of(few), test::running(9)).empty());
  EXPECT_EQ(draws(*sampler, 9), draws(*sobol_sampler(3), 9));
}

TEST(TpeSampler, WithoutGroupsChoosesTogetherOnlyWhatEveryTrialHas) {
  const auto trials = conditional_trials();
  TpeOptions options;
  options.group = false;
  const auto chosen = tpe_sampler(options)->sample_together(view_of(trials), test::running(20));
  ASSERT_EQ(chosen.size(), 1U);
  EXPECT_EQ(chosen[0].name, "x");
  options.group = true;
  EXPECT_EQ(tpe_sampler(options)->sample_together(view_of(trials), test::running(20)).size(), 2U);
}

TEST(TpeSampler, KeepsAwayFromWhatIsRunning) {
  auto trials = conditional_trials();
  const auto mean_distance = [&](bool liar) {
    auto with_running = trials;
    TrialRecord busy = complete(20, 0, {{"x", 0.2}});
    busy.state = TrialState::running;
    busy.values.clear();
    for (int i = 0; i < 8; ++i) {
      busy.number = 20 + i;
      with_running.push_back(busy);
    }
    double sum = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      TpeOptions options;
      options.seed = seed;
      options.constant_liar = liar;
      const auto chosen =
          tpe_sampler(options)->sample_together(view_of(with_running), test::running(28));
      sum += std::abs(std::ranges::find(chosen, "x", &Parameter::name)->inner - 0.2);
    }
    return sum / 50;
  };
  EXPECT_GT(mean_distance(true), 1.5 * mean_distance(false));
}

TEST(TpeSampler, StaysInsideEveryKindOfRange) {
  const std::vector<std::pair<std::string, Distribution>> space = {
      {"float", FloatRange{-2, 3, false, std::nullopt}},
      {"log", FloatRange{1e-5, 1e-2, true, std::nullopt}},
      {"stepped", FloatRange{0, 1, false, 0.1}},
      {"int", IntRange{-3, 9, false, 3}},
      {"log int", IntRange{1, 1000, true, 1}},
      {"choice", Categories{{Value{}, Value{true}, Value{2.5}}}}};
  std::vector<TrialRecord> trials;
  const auto sampler = tpe_sampler({});
  for (int i = 0; i < 200; ++i) {
    TrialRecord trial = test::running(i);
    auto chosen = sampler->sample_together(view_of(trials), trial);
    for (const auto& [name, distribution] : space) {
      const auto found = std::ranges::find(chosen, name, &Parameter::name);
      const double inner = found != chosen.end()
                               ? found->inner
                               : sampler->sample_one(view_of(trials), trial, name, distribution);
      EXPECT_TRUE(contains(distribution, inner)) << name << ": " << inner;
      trial.parameters.push_back({name, inner, distribution});
    }
    trial.state = TrialState::complete;
    trial.values = {i % 17 == 0 ? INFINITY : trial.parameters[0].inner};
    trials.push_back(trial);
  }
}

TEST(Table, PartsConditionalParametersIntoGroupsThatOccurTogether) {
  const auto trials = conditional_trials();
  const Table table = read_table(view_of(trials), true, -1);
  EXPECT_EQ(table.names, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(groups_of(table), (std::vector<std::vector<std::size_t>>{{0}, {1}}));
  EXPECT_EQ(common_group_of(table), (std::vector<std::vector<std::size_t>>{{0}}));
  EXPECT_EQ(read_table(view_of(trials), true, 3).trials.size(), 19U);
}

TEST(Ranking, PutsCompleteBeforePrunedBeforeInfeasibleBeforeRunning) {
  std::vector<TrialRecord> trials{test::running(0), complete(1, 0.1), complete(2, 5),
                                  complete(3, 1),   complete(4, 9),   complete(5, 9)};
  trials[1].constraints["size"] = 0.5;
  trials[2].state = trials[4].state = trials[5].state = TrialState::pruned;
  trials[2].reports = {{0, 1.0}, {3, 2.0}};
  trials[4].reports = {{0, 1.0}, {7, 3.0}};
  std::vector<const TrialRecord*> pointers;
  for (const auto& trial : trials) pointers.push_back(&trial);
  EXPECT_EQ(ranks_of(test::kMinimize, pointers), (std::vector<std::size_t>{5, 4, 2, 0, 1, 3}));
}

TEST(Ranking, OrdersFrontsAndCrowdingAsDebDoes) {
  const std::vector<Direction> both{Direction::minimize, Direction::maximize};
  // Worked by hand: (1, 5), (2, 7), (4, 8) are on the front; (3, 6) behind (2, 7); (5, 1) behind
  // it.
  EXPECT_EQ(fronts_of(both, {{1, 5}, {2, 7}, {4, 8}, {3, 6}, {5, 1}}),
            (std::vector<std::size_t>{0, 0, 0, 1, 2}));
  const auto crowding = crowding_of({{1, 5}, {2, 7}, {4, 8}});
  EXPECT_TRUE(std::isinf(crowding[0]) && std::isinf(crowding[2]));
  EXPECT_DOUBLE_EQ(crowding[1], 2);
}

}  // namespace
}  // namespace bloodcell::tune
