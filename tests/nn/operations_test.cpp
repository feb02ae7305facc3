// Every operation against numbers worked by hand, in evaluation mode.

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <bloodcell/graph/builder.hpp>
#include <bloodcell/nn/network.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::nn {
namespace {

using graph::Builder;
using graph::NodeId;
using graph::Padding;
using graph::Shape;
using graph::Weights;
using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

// Lays `layer` between an input and a flatten, runs `input` through it.
template <class Layer>
std::vector<float> run(Shape shape, const std::vector<float>& input, const Weights& weights,
                       Layer layer) {
  Builder net("one operation", shape);
  net.flatten(layer(net, net.input()));
  const auto graph = std::move(net).build();
  EXPECT_OK(graph);
  auto network = Network::make(*graph, weights);
  EXPECT_OK(network);
  const auto batch = static_cast<int>(input.size() / static_cast<std::size_t>(shape.values()));
  const auto output = network->logits(input, batch);
  EXPECT_OK(output);
  return output.value_or(std::vector<float>{});
}

std::vector<float> counting(int count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), 1.F);
  return values;
}

TEST(Conv2d, SlidesTheKernelWithoutTurningIt) {
  // 1 2 3            1·1 + 2·2 + 4·3 + 5·4 = 37, then 47, 67, 77; plus the bias 0.5
  // 4 5 6   * 1 2
  // 7 8 9     3 4
  const auto output =
      run({1, 3, 3}, counting(9),
          {{"conv.weight", {{1, 1, 2, 2}, {1, 2, 3, 4}}}, {"conv.bias", {{1}, {0.5}}}},
          [](Builder& net, NodeId from) {
            return net.conv2d("conv", from, {.out_channels = 1, .kernel = 2});
          });
  EXPECT_THAT(output, ElementsAre(37.5F, 47.5F, 67.5F, 77.5F));
}

TEST(Conv2d, PadsSameAsTensorFlowTheOddPixelAfter) {
  // A kernel of 2 over 3 pixels at stride 1: one row and column of zeros, below and to the right.
  const auto output =
      run({1, 3, 3}, counting(9), {{"conv.weight", {{1, 1, 2, 2}, {1, 2, 3, 4}}}},
          [](Builder& net, NodeId from) {
            return net.conv2d(
                "conv", from,
                {.out_channels = 1, .kernel = 2, .padding = Padding::same, .bias = false});
          });
  EXPECT_THAT(output, ElementsAre(37, 47, 21, 67, 77, 33, 23, 26, 9));
}

TEST(Conv2d, PadsSymmetricallyBeforeAStride) {
  // 3×3 of ones at stride 2 over 1 … 16 with one pixel around: windows at rows and columns −1, 1.
  const auto output =
      run({1, 4, 4}, counting(16), {{"conv.weight", {{1, 1, 3, 3}, std::vector<float>(9, 1.F)}}},
          [](Builder& net, NodeId from) {
            return net.conv2d("conv", from,
                              {.out_channels = 1,
                               .kernel = 3,
                               .stride = 2,
                               .padding = Padding::symmetric,
                               .bias = false});
          });
  EXPECT_THAT(output, ElementsAre(14, 30, 57, 99));
}

TEST(Conv2d, PadsSameWithStrideUnevenly) {
  // TensorFlow: 4 pixels, kernel 3, stride 2 -> 2 outputs, 0 pixels before and 1 after.
  const auto output = run(
      {1, 4, 4}, counting(16), {{"conv.weight", {{1, 1, 3, 3}, std::vector<float>(9, 1.F)}}},
      [](Builder& net, NodeId from) {
        return net.conv2d(
            "conv", from,
            {.out_channels = 1, .kernel = 3, .stride = 2, .padding = Padding::same, .bias = false});
      });
  EXPECT_THAT(output, ElementsAre(54, 45, 72, 54));
}

TEST(Conv2d, KeepsGroupsApart) {
  // Depthwise: channel 0 times 2, channel 1 times 10.
  const auto output =
      run({2, 1, 2}, {1, 2, 3, 4}, {{"conv.weight", {{2, 1, 1, 1}, {2, 10}}}},
          [](Builder& net, NodeId from) {
            return net.conv2d("conv", from, {.out_channels = 2, .groups = 2, .bias = false});
          });
  EXPECT_THAT(output, ElementsAre(2, 4, 30, 40));
}

TEST(Conv2d, SumsOverChannelsAndPicturesOfABatchStayApart) {
  // weight [2 outputs, 2 inputs]: output 0 = a + 10 b, output 1 = 100 a.
  const auto output =
      run({2, 1, 1}, {1, 2, 3, 4}, {{"conv.weight", {{2, 2, 1, 1}, {1, 10, 100, 0}}}},
          [](Builder& net, NodeId from) {
            return net.conv2d("conv", from, {.out_channels = 2, .bias = false});
          });
  EXPECT_THAT(output, ElementsAre(21, 100, 43, 300));
}

TEST(BatchNorm, UsesRunningStatistics) {
  // (x − 2) / √(4 + 0) · 3 + 1 and (x − 0) / √1 · 1 + 0
  const auto output = run(
      {2, 1, 2}, {2, 6, 5, 7},
      {{"norm.weight", {{2}, {3, 1}}},
       {"norm.bias", {{2}, {1, 0}}},
       {"norm.running_mean", {{2}, {2, 0}}},
       {"norm.running_var", {{2}, {4, 1}}}},
      [](Builder& net, NodeId from) { return net.batch_norm("norm", from, {.epsilon = 1e-12}); });
  EXPECT_THAT(output, Pointwise(FloatNear(1e-5F), {1.F, 7.F, 5.F, 7.F}));
}

TEST(BatchNorm, AddsEpsilonToTheVariance) {
  const auto output =
      run({1, 1, 1}, {1},
          {{"norm.weight", {{1}, {1}}},
           {"norm.bias", {{1}, {0}}},
           {"norm.running_mean", {{1}, {0}}},
           {"norm.running_var", {{1}, {1}}}},
          [](Builder& net, NodeId from) { return net.batch_norm("norm", from, {.epsilon = 3}); });
  EXPECT_THAT(output, ElementsAre(FloatNear(0.5F, 1e-6F)));
}

TEST(GroupNorm, NormalisesEachGroupOfChannelsByItself) {
  // Two groups of two channels, one pixel each: ±1 within each group, then weight and bias.
  const auto output =
      run({4, 1, 1}, {1, 3, 10, 30},
          {{"norm.weight", {{4}, {1, 1, 2, 2}}}, {"norm.bias", {{4}, {0, 0, 5, 5}}}},
          [](Builder& net, NodeId from) {
            return net.group_norm("norm", from, {.groups = 2, .epsilon = 1e-12});
          });
  EXPECT_THAT(output, Pointwise(FloatNear(1e-5F), {-1.F, 1.F, 3.F, 7.F}));
}

TEST(Relu, KeepsWhatIsPositive) {
  const auto output =
      run({1, 1, 3}, {-1, 0, 2}, {}, [](Builder& net, NodeId from) { return net.relu(from); });
  EXPECT_THAT(output, ElementsAre(0, 0, 2));
}

TEST(MaxPool, TakesTheLargestOfEachWindowAndDropsTheRest) {
  const auto output = run({1, 3, 3}, {1, 5, 3, 4, 2, 6, 9, 8, 7}, {},
                          [](Builder& net, NodeId from) { return net.max_pool(from); });
  EXPECT_THAT(output, ElementsAre(5));
}

TEST(MaxPool, NeverTakesThePaddingEvenOfNegativeMaps) {
  const auto output =
      run({1, 3, 3}, {-1, -5, -3, -4, -2, -6, -9, -8, -7}, {},
          [](Builder& net, NodeId from) { return net.max_pool(from, {2, 2, Padding::same}); });
  EXPECT_THAT(output, ElementsAre(-1, -3, -8, -7));
}

TEST(AveragePool, LeavesUnevenPaddingOutOfTheMeanUnlessToldTo) {
  // SAME of 2 over 3 pixels at stride 2: the second window is one column wide.
  const auto mean = [](bool count_padding) {
    return run({1, 1, 3}, {2, 4, 10}, {}, [&](Builder& net, NodeId from) {
      return net.average_pool(from, {2, 2, Padding::same, count_padding});
    });
  };
  EXPECT_THAT(mean(false), Pointwise(FloatNear(1e-6F), {3.F, 10.F}));
  EXPECT_THAT(mean(true), Pointwise(FloatNear(1e-6F), {1.5F, 2.5F}));
}

TEST(Crop, TakesTheMiddleOfAMapThatRunsChannelsLast) {
  const auto output = run({2, 1, 3}, counting(6), {}, [](Builder& net, NodeId from) {
    return net.crop(net.zero_pad(from, {.right = 1}), {.left = 1, .right = 1});
  });
  EXPECT_THAT(output, ElementsAre(2, 3, 5, 6));
}

TEST(GlobalAveragePool, IsTheMeanOfEachChannel) {
  const auto output = run({2, 2, 2}, counting(8), {},
                          [](Builder& net, NodeId from) { return net.global_average_pool(from); });
  EXPECT_THAT(output, ElementsAre(2.5F, 6.5F));
}

TEST(Flatten, RunsThroughChannelsSlowest) {
  const auto output =
      run({2, 2, 2}, counting(8), {}, [](Builder& net, NodeId) { return net.input(); });
  EXPECT_EQ(output, counting(8));
}

TEST(Flatten, KeepsThatOrderAfterAConvolution) {
  // Maps run channels-last inside; an identity convolution must not show it.
  const auto output = run({2, 2, 2}, counting(8), {{"conv.weight", {{2, 2, 1, 1}, {1, 0, 0, 1}}}},
                          [](Builder& net, NodeId from) {
                            return net.conv2d("conv", from, {.out_channels = 2, .bias = false});
                          });
  EXPECT_EQ(output, counting(8));
}

TEST(Dense, MultipliesRowsOfTheWeightAndAddsTheBias) {
  const auto output =
      run({2, 1, 1}, {3, 4},
          {{"dense.weight", {{2, 2}, {1, 2, 10, 20}}}, {"dense.bias", {{2}, {0.5, -0.5}}}},
          [](Builder& net, NodeId from) { return net.dense("dense", from, 2); });
  EXPECT_THAT(output, ElementsAre(11.5F, 109.5F));
}

TEST(Dropout, DoesNothingOutsideTraining) {
  const auto output = run({1, 1, 4}, counting(4), {},
                          [](Builder& net, NodeId from) { return net.dropout(from, 0.9); });
  EXPECT_EQ(output, counting(4));
}

TEST(Add, SumsTwoBranchesThatShareAnInput) {
  // x + relu(x): the in-place relu must not have changed x.
  const auto output = run({1, 1, 2}, {-3, 4}, {},
                          [](Builder& net, NodeId from) { return net.add(from, net.relu(from)); });
  EXPECT_THAT(output, ElementsAre(-3, 8));
}

TEST(Add, SeesAConvolutionThatAReluAlsoUses) {
  // y = conv(x) = −2x feeds both branches: y + relu(y).
  const auto output = run(
      {1, 1, 2}, {1, -1}, {{"conv.weight", {{1, 1, 1, 1}, {-2}}}}, [](Builder& net, NodeId from) {
        const NodeId y = net.conv2d("conv", from, {.out_channels = 1, .bias = false});
        return net.add(y, net.relu(y));
      });
  EXPECT_THAT(output, ElementsAre(-2, 4));
}

}  // namespace
}  // namespace bloodcell::nn
