// What differs while learning: batch statistics, gradients, dropout.

#include <bloodcell/nn/module.hpp>

#include <cmath>

#include <bloodcell/graph/builder.hpp>
#include <bloodcell/nn/network.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::nn {
namespace {

using graph::Builder;
using testing::FloatNear;
using testing::Pointwise;

Module module_of(Builder&& net, const graph::Weights& weights) {
  const auto graph = std::move(net).build();
  EXPECT_OK(graph);
  EXPECT_OK(graph::check_weights(*graph, weights));
  return {*graph, weights, torch::kCPU};
}

Module batch_norm_module(double momentum) {
  Builder net("norm", {1, 1, 1});
  net.batch_norm("norm", net.input(), {.epsilon = 1e-12, .momentum = momentum});
  return module_of(std::move(net), {{"norm.weight", {{1}, {1}}},
                                    {"norm.bias", {{1}, {0}}},
                                    {"norm.running_mean", {{1}, {10}}},
                                    {"norm.running_var", {{1}, {100}}}});
}

torch::Tensor four_pixels() { return torch::tensor({1.F, 3.F, 5.F, 7.F}).reshape({4, 1, 1, 1}); }

TEST(Learning, BatchNormUsesTheBatchsOwnStatistics) {
  auto module = batch_norm_module(0.1);
  const auto output = to_plain(module.learn(four_pixels(), 0)).values;
  const float unit = 1 / std::sqrt(5.F);  // mean 4, variance (9 + 1 + 1 + 9) / 4
  EXPECT_THAT(output, Pointwise(FloatNear(1e-5F), {-3 * unit, -unit, unit, 3 * unit}));
}

TEST(Learning, MomentumIsTheWeightOfTheNewBatch) {
  auto module = batch_norm_module(0.25);
  static_cast<void>(module.learn(four_pixels(), 0));
  const auto weights = module.weights();
  EXPECT_NEAR(weights.at("norm.running_mean").values[0], 0.75 * 10 + 0.25 * 4, 1e-5);
  // The running variance is the unbiased one: 20 / 3.
  EXPECT_NEAR(weights.at("norm.running_var").values[0], 0.75 * 100 + 0.25 * 20 / 3, 1e-4);
}

// The last batch of an epoch may be one picture, and one value has no variance.
TEST(Learning, OneValueMovesNoStatistics) {
  auto module = batch_norm_module(0.25);
  const auto before = module.weights();
  const auto output = to_plain(module.learn(torch::tensor({30.F}).reshape({1, 1, 1, 1}), 0)).values;
  EXPECT_THAT(output, Pointwise(FloatNear(1e-5F), {0}));
  EXPECT_EQ(module.weights(), before);
}

TEST(Learning, StatisticsThatAreKeptNormaliseAndStayWhileWeightsLearn) {
  auto module = batch_norm_module(0.25);
  module.keep_statistics_before(2);
  const auto before = module.weights();
  const auto output = module.learn(four_pixels(), 0);
  EXPECT_THAT(to_plain(output).values, Pointwise(FloatNear(1e-5F), {-0.9F, -0.7F, -0.5F, -0.3F}));
  EXPECT_EQ(module.weights(), before);
  output.sum().backward();
  EXPECT_NEAR(module.parameters().at("norm.weight").grad().item<float>(), -2.4, 1e-5);
  module.keep_statistics_before(0);
  static_cast<void>(module.learn(four_pixels(), 0));
  EXPECT_NE(module.weights(), before);
}

TEST(Learning, EvaluationMovesNoStatistics) {
  auto module = batch_norm_module(0.25);
  const auto before = module.weights();
  static_cast<void>(module.evaluate(four_pixels()));
  EXPECT_EQ(module.weights(), before);
}

TEST(Learning, GradientsReachEveryTrainableParameterAndOnlyThose) {
  Builder net("net", {1, 2, 2});
  net.dense("dense", net.flatten(net.relu(net.batch_norm("norm", net.input()))), 2);
  const auto graph = std::move(net).build();
  ASSERT_OK(graph);
  Module module(*graph, initial_weights(*graph, 1), torch::kCPU);
  module.learn(torch::tensor({1.F, 2.F, 3.F, 4.F}).reshape({1, 1, 2, 2}), 0).sum().backward();
  std::vector<std::string> names;
  for (const auto& [name, value] : module.trainable()) {
    names.push_back(name);
    EXPECT_TRUE(value.grad().defined()) << name;
  }
  EXPECT_THAT(names, testing::UnorderedElementsAre("norm.weight", "norm.bias", "dense.weight",
                                                   "dense.bias"));
}

TEST(Learning, LayersBeforeTheFirstTrainedStayAsTheyAre) {
  Builder net("net", {1, 1, 1});
  const auto early = net.dropout(net.batch_norm("early", net.input()), 0.5);
  const auto late = net.batch_norm("late", early);
  net.dense("dense", late, 1);
  const auto graph = std::move(net).build();
  ASSERT_OK(graph);
  const auto weights = initial_weights(*graph, 1);
  Module module(*graph, weights, torch::kCPU);
  module.train_from(late);
  std::vector<std::string> names;
  for (const auto& [name, value] : module.trainable()) names.push_back(name);
  EXPECT_THAT(names,
              testing::ElementsAre("late.weight", "late.bias", "dense.weight", "dense.bias"));
  module.learn(four_pixels(), 3).sum().backward();
  const auto after = module.weights();
  EXPECT_EQ(after.at("early.running_mean"), weights.at("early.running_mean"));
  EXPECT_NE(after.at("late.running_mean"), weights.at("late.running_mean"));
  // No dropout before it either: 1, 3, 5, 7 arrive whole, their mean 4 moves in by a tenth.
  EXPECT_NEAR(after.at("late.running_mean").values[0], 0.4, 1e-4);
  module.train_from(0);
  EXPECT_EQ(module.trainable().size(), 6U);
}

TEST(Learning, ThePenaltyIsTheWeightedSumOfSquaredKernelsThatLearn) {
  Builder net("net", {2, 1, 1});
  const auto first = net.dense("first", net.input(), {.units = 1, .l2 = 0.5});
  const auto last = net.dense("last", first, {.units = 2, .l2 = 0.25});
  auto module = module_of(std::move(net), {{"first.weight", {{1, 2}, {1, 3}}},
                                           {"first.bias", {{1}, {100}}},
                                           {"last.weight", {{2, 1}, {2, 4}}},
                                           {"last.bias", {{2}, {100, 100}}}});
  EXPECT_FLOAT_EQ(module.penalty().item<float>(), 0.5F * 10 + 0.25F * 20);
  module.train_from(last);
  EXPECT_FLOAT_EQ(module.penalty().item<float>(), 0.25F * 20);
}

TEST(Learning, TheGradientOfAConvolutionIsTheSumOfWhatItSaw) {
  Builder net("net", {1, 2, 2});
  net.flatten(net.conv2d("conv", net.input(), {.out_channels = 1, .bias = false}));
  auto module = module_of(std::move(net), {{"conv.weight", {{1, 1, 1, 1}, {2}}}});
  module.learn(torch::tensor({1.F, 2.F, 3.F, 4.F}).reshape({1, 1, 2, 2}), 0).sum().backward();
  EXPECT_FLOAT_EQ(module.trainable().front().second.grad().item<float>(), 10);
}

Module dropout_module(double rate) {
  Builder net("net", {100, 1, 1});
  net.dropout(net.input(), rate);
  return module_of(std::move(net), {});
}

TEST(Dropout, KeptValuesAreScaledAndTheirShareIsTheRates) {
  auto module = dropout_module(0.2);
  const auto values = to_plain(module.learn(torch::ones({50, 100, 1, 1}), 7)).values;
  std::size_t kept = 0;
  for (const float value : values) {
    EXPECT_TRUE(value == 0 || std::abs(value - 1.25F) < 1e-6F) << value;
    kept += value != 0;
  }
  // 5,000 draws of 0.8: mean 4,000, deviation 28.
  EXPECT_NEAR(static_cast<double>(kept), 4000, 5 * 28);
}

TEST(Dropout, DependsOnItsSeedAlone) {
  auto module = dropout_module(0.5);
  const auto images = torch::ones({2, 100, 1, 1});
  const auto first = to_plain(module.learn(images, 7));
  torch::manual_seed(1);
  static_cast<void>(torch::rand({10}));
  EXPECT_EQ(to_plain(module.learn(images, 7)), first);
  EXPECT_NE(to_plain(module.learn(images, 8)), first);
}

TEST(Dropout, LeavesNoMaskTheSameForTwoPictures) {
  auto module = dropout_module(0.5);
  const auto output = module.learn(torch::ones({2, 100, 1, 1}), 7);
  EXPECT_FALSE(torch::equal(output[0], output[1]));
}

TEST(Weights, GoInAndComeOutInTheGraphsOrder) {
  Builder net("net", {3, 8, 8});
  net.flatten(net.conv2d("conv", net.input(), {.out_channels = 4, .kernel = 3}));
  const auto graph = std::move(net).build();
  ASSERT_OK(graph);
  const auto first = initial_weights(*graph, 1);
  const auto second = initial_weights(*graph, 2);
  Module module(*graph, first, torch::kCPU);
  EXPECT_EQ(module.weights(), first);
  module.set_weights(second);
  EXPECT_EQ(module.weights(), second);
}

}  // namespace
}  // namespace bloodcell::nn
