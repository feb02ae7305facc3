#include <bloodcell/graph/average.hpp>

#include <limits>

#include <bloodcell/graph/builder.hpp>
#include <bloodcell/test/support.hpp>

#include "random_weights.hpp"

namespace bloodcell::graph {
namespace {

using ::testing::HasSubstr;

Weights some_weights(std::uint64_t seed) {
  Builder net("small", {3, 1, 1});
  net.dense("classes", net.batch_norm("norm", net.input()), 2);
  return test::random_weights(*std::move(net).build(), seed);
}

TEST(Average, IsTheMeanOfEachValue) {
  Weights mean{{"a", {{2}, {1, -4}}}, {"b", {{}, {10}}}};
  EXPECT_OK(take_into_mean(mean, 1, {{"a", {{2}, {3, 0}}}, {"b", {{}, {20}}}}));
  EXPECT_OK(take_into_mean(mean, 2, {{"a", {{2}, {5, 1}}}, {"b", {{}, {60}}}}));
  EXPECT_EQ(mean.at("a").values, (std::vector<float>{3, -1}));
  EXPECT_EQ(mean.at("b").values, (std::vector<float>{30}));
}

TEST(Average, OfEqualWeightsIsThoseToTheBit) {
  const Weights first = some_weights(1);
  Weights mean = first;
  for (int count = 1; count < 7; ++count) EXPECT_OK(take_into_mean(mean, count, first));
  EXPECT_EQ(mean, first);
}

TEST(Average, HardlyDependsOnTheOrder) {
  Weights forwards = some_weights(1);
  EXPECT_OK(take_into_mean(forwards, 1, some_weights(2)));
  EXPECT_OK(take_into_mean(forwards, 2, some_weights(3)));
  Weights backwards = some_weights(3);
  EXPECT_OK(take_into_mean(backwards, 1, some_weights(2)));
  EXPECT_OK(take_into_mean(backwards, 2, some_weights(1)));
  for (const auto& [name, tensor] : forwards) {
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      EXPECT_NEAR(tensor.values[i], backwards.at(name).values[i], 1e-6) << name;
    }
  }
}

TEST(Average, NamesWhatDoesNotFitAndChangesNothing) {
  const Weights first = some_weights(1);
  const auto after = [&](const auto& change) {
    Weights mean = first;
    Weights next = some_weights(2);
    change(next);
    const auto taken = take_into_mean(mean, 1, next);
    EXPECT_FALSE(taken.has_value());
    EXPECT_EQ(mean, first);
    if (taken) return std::string();
    EXPECT_EQ(taken.error().code, ErrorCode::mismatch);
    return taken.error().message;
  };
  EXPECT_THAT(after([](Weights& w) { w.erase("norm.bias"); }), HasSubstr("no tensor norm.bias"));
  EXPECT_THAT(after([](Weights& w) { w["other"] = {}; }), HasSubstr("a tensor other"));
  EXPECT_THAT(after([](Weights& w) { w["classes.weight"].dims = {3, 2}; }),
              HasSubstr("classes.weight is [3, 2], in the first [2, 3]"));
  EXPECT_THAT(after([](Weights& w) { w["classes.bias"].values.pop_back(); }),
              HasSubstr("classes.bias"));
  EXPECT_THAT(
      after([](Weights& w) { w["norm.bias"].values[1] = std::numeric_limits<float>::infinity(); }),
      HasSubstr("norm.bias has values that are not finite"));
}

}  // namespace
}  // namespace bloodcell::graph
