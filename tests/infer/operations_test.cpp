// Each layer through the engine: numbers worked by hand, then against the reference.

#include <bloodcell/graph/builder.hpp>

#include "reference.hpp"
#include "sessions.hpp"

namespace bloodcell::infer {
namespace {

using graph::Builder;
using graph::NodeId;
using graph::Padding;
using graph::Shape;
using graph::Weights;
using ::testing::FloatNear;
using ::testing::Pointwise;

// Builds one layer over an input; all its values become logits.
template <class Layer>
graph::Graph graph_of(Shape input, const Layer& layer) {
  Builder net("tiny", input);
  net.flatten(layer(net));
  auto graph = std::move(net).build();
  EXPECT_TRUE(graph.has_value()) << (graph ? "" : to_text(graph.error()));
  return *std::move(graph);
}

std::vector<float> run(const graph::Graph& graph, const Weights& weights,
                       const std::vector<float>& image) {
  const auto session = test::session_of(graph, weights);
  EXPECT_TRUE(session.has_value()) << (session ? "" : to_text(session.error()));
  if (!session) return {};
  const auto logits = session->run(image, 1);
  EXPECT_TRUE(logits.has_value()) << (logits ? "" : to_text(logits.error()));
  return logits.value_or(std::vector<float>{});
}

// The three planes of an input: the given first one, then nines and sevens that must not count.
std::vector<float> first_plane(std::vector<float> plane) {
  const std::size_t size = plane.size();
  plane.insert(plane.end(), size, 9.0F);
  plane.insert(plane.end(), size, 7.0F);
  return plane;
}

// A kernel for three channels of which only the first counts.
graph::Tensor first_channel_kernel(int size, std::vector<float> values) {
  values.resize(static_cast<std::size_t>(3 * size * size), 0.0F);
  return {{1, 3, size, size}, std::move(values)};
}

constexpr float kTolerance = 1e-5F;

std::vector<float> ones_over_first_plane(graph::Conv2d conv) {
  const auto graph =
      graph_of({3, 4, 4}, [&](Builder& net) { return net.conv2d("conv", net.input(), conv); });
  std::vector<float> plane;
  for (int i = 1; i <= 16; ++i) plane.push_back(static_cast<float>(i));
  return run(graph, {{"conv.weight", first_channel_kernel(3, std::vector<float>(9, 1.0F))}},
             first_plane(plane));
}

// 1·1 + 2·2 + 3·4 + 4·5 + ½ and so on
TEST(Operations, ConvolutionIsTheSumWorkedByHand) {
  const auto graph = graph_of({3, 3, 3}, [](Builder& net) {
    return net.conv2d("conv", net.input(), {.out_channels = 1, .kernel = 2});
  });
  EXPECT_THAT(
      run(graph,
          {{"conv.weight", first_channel_kernel(2, {1, 2, 3, 4})}, {"conv.bias", {{1}, {0.5F}}}},
          first_plane({1, 2, 3, 4, 5, 6, 7, 8, 9})),
      Pointwise(FloatNear(kTolerance), {37.5F, 47.5F, 67.5F, 77.5F}));
}

// Windows over 1 … 16 in rows of four: SAME begins at the first pixel and pads after, symmetric
// padding begins one before it.
TEST(Operations, PaddingPutsWindowsWhereItSays) {
  const auto conv = [](Padding padding) {
    return graph::Conv2d{
        .out_channels = 1, .kernel = 3, .stride = 2, .padding = padding, .bias = false};
  };
  EXPECT_THAT(ones_over_first_plane(conv(Padding::same)),
              Pointwise(FloatNear(kTolerance), {54.0F, 45.0F, 72.0F, 54.0F}));
  EXPECT_THAT(ones_over_first_plane(conv(Padding::symmetric)),
              Pointwise(FloatNear(kTolerance), {14.0F, 30.0F, 57.0F, 99.0F}));
  EXPECT_THAT(ones_over_first_plane(conv(Padding::valid)),
              Pointwise(FloatNear(kTolerance), {54.0F}));
}

TEST(Operations, DepthwiseConvolutionKeepsChannelsApart) {
  const auto graph = graph_of({3, 1, 2}, [](Builder& net) {
    return net.conv2d("conv", net.input(), {.out_channels = 3, .groups = 3});
  });
  EXPECT_THAT(
      run(graph, {{"conv.weight", {{3, 1, 1, 1}, {2, 3, 4}}}, {"conv.bias", {{3}, {0, 0, 1}}}},
          {1, 2, 3, 4, 5, 6}),
      Pointwise(FloatNear(kTolerance), {2.0F, 4.0F, 9.0F, 12.0F, 21.0F, 25.0F}));
}

TEST(Operations, MaxPoolLeavesOutThePixelThatDoesNotFit) {
  const auto graph = graph_of({3, 3, 3}, [](Builder& net) { return net.max_pool(net.input()); });
  EXPECT_THAT(run(graph, {}, first_plane({1, 2, 3, 4, 5, 6, 7, 8, 9})),
              Pointwise(FloatNear(kTolerance), {5.0F, 9.0F, 7.0F}));
}

TEST(Operations, PaddingOfAMaxPoolNeverWins) {
  const auto graph = graph_of({3, 3, 3}, [](Builder& net) {
    return net.max_pool(net.input(), {.size = 2, .stride = 2, .padding = Padding::same});
  });
  std::vector<float> image = first_plane({-1, -2, -3, -4, -5, -6, -7, -8, -9});
  image.resize(27);
  const auto logits = run(graph, {}, image);
  ASSERT_EQ(logits.size(), 12U);
  EXPECT_THAT(std::vector<float>(logits.begin(), logits.begin() + 4),
              Pointwise(FloatNear(kTolerance), {-1.0F, -3.0F, -7.0F, -9.0F}));
}

// (3 − 1) / √(3.99 + 0.01) · 2 + 1 and so on
TEST(Operations, BatchNormUsesTheRunningStatistics) {
  const auto graph = graph_of({3, 1, 1}, [](Builder& net) {
    return net.batch_norm("norm", net.input(), {.epsilon = 0.01});
  });
  EXPECT_THAT(run(graph,
                  {{"norm.weight", {{3}, {2, 1, -1}}},
                   {"norm.bias", {{3}, {1, 0, 0}}},
                   {"norm.running_mean", {{3}, {1, 0, 4}}},
                   {"norm.running_var", {{3}, {3.99F, 0.99F, 0.24F}}}},
                  {3, 5, 6}),
              Pointwise(FloatNear(kTolerance), {3.0F, 5.0F, -4.0F}));
}

// Channels 1, 3 and 10, 20 are two groups: each becomes −1, 1, then its own scale and shift.
TEST(Operations, GroupNormNormalisesEachGroup) {
  const auto graph = graph_of({3, 1, 1}, [](Builder& net) {
    const NodeId four = net.conv2d("conv", net.input(), {.out_channels = 4, .bias = false});
    return net.group_norm("norm", four, {.groups = 2, .epsilon = 1e-9});
  });
  EXPECT_THAT(run(graph,
                  {{"conv.weight", {{4, 3, 1, 1}, {1, 0, 0, 3, 0, 0, 10, 0, 0, 20, 0, 0}}},
                   {"norm.weight", {{4}, {1, 2, 3, 4}}},
                   {"norm.bias", {{4}, {0, 0.5F, 0, -1}}}},
                  {1, 9, 7}),
              Pointwise(FloatNear(kTolerance), {-1.0F, 2.5F, -3.0F, 3.0F}));
}

TEST(Operations, GlobalAveragePoolIsTheMeanOfEachMap) {
  const auto graph =
      graph_of({3, 2, 2}, [](Builder& net) { return net.global_average_pool(net.input()); });
  EXPECT_THAT(run(graph, {}, first_plane({1, 2, 3, 6})),
              Pointwise(FloatNear(kTolerance), {3.0F, 9.0F, 7.0F}));
}

TEST(Operations, DenseIsTheSumWorkedByHand) {
  const auto graph =
      graph_of({3, 1, 1}, [](Builder& net) { return net.dense("dense", net.input(), 2); });
  EXPECT_THAT(
      run(graph,
          {{"dense.weight", {{2, 3}, {1, 2, 3, -1, 0, 0.5F}}}, {"dense.bias", {{2}, {0.25F, 0}}}},
          {1, 2, 4}),
      Pointwise(FloatNear(kTolerance), {17.25F, 1.0F}));
}

TEST(Operations, ReluAndAddAreWhatTheySay) {
  const auto graph =
      graph_of({3, 1, 1}, [](Builder& net) { return net.add(net.input(), net.relu(net.input())); });
  EXPECT_THAT(run(graph, {}, {-1, 0, 2}), Pointwise(FloatNear(kTolerance), {-1.0F, 0.0F, 4.0F}));
}

// A window of one row sees the two neighbours in its row: 1 + 2, 1 + 2 + 3, … and nothing above.
TEST(Operations, AWindowMayBeWiderThanHigh) {
  const auto graph = graph_of({3, 2, 3}, [](Builder& net) {
    return net.conv2d(
        "conv", net.input(),
        {.out_channels = 1, .kernel = {1, 3}, .padding = Padding::symmetric, .bias = false});
  });
  EXPECT_THAT(run(graph, {{"conv.weight", {{1, 3, 1, 3}, {1, 1, 1, 0, 0, 0, 0, 0, 0}}}},
                  first_plane({1, 2, 3, 4, 5, 6})),
              Pointwise(FloatNear(kTolerance), {3.0F, 6.0F, 5.0F, 9.0F, 15.0F, 11.0F}));
}

TEST(Operations, ActivationsAreWorkedByHand) {
  using graph::Activation;
  const auto of = [](Activation kind) {
    const auto graph =
        graph_of({3, 1, 2}, [&](Builder& net) { return net.activate(net.input(), kind); });
    return run(graph, {}, {-4, -1, 0, 1, 2, 9});
  };
  EXPECT_THAT(of(Activation::relu6),
              Pointwise(FloatNear(kTolerance), {0.F, 0.F, 0.F, 1.F, 2.F, 6.F}));
  EXPECT_THAT(of(Activation::sigmoid),
              Pointwise(FloatNear(kTolerance),
                        {0.0179862F, 0.2689414F, 0.5F, 0.7310586F, 0.8807971F, 0.9998766F}));
  EXPECT_THAT(of(Activation::hard_sigmoid),
              Pointwise(FloatNear(kTolerance), {0.F, 1.F / 3, 0.5F, 2.F / 3, 5.F / 6, 1.F}));
  EXPECT_THAT(of(Activation::silu),
              Pointwise(FloatNear(kTolerance),
                        {-0.0719448F, -0.2689414F, 0.F, 0.7310586F, 1.7615942F, 8.9988894F}));
  EXPECT_THAT(of(Activation::hard_swish),
              Pointwise(FloatNear(kTolerance), {0.F, -1.F / 3, 0.F, 2.F / 3, 5.F / 3, 9.F}));
}

// 1 … 9 in rows of three, windows of 3: the corner sees 1, 2, 4, 5.
TEST(Operations, AMeanCountsThePaddingOnlyWhereItShould) {
  const auto corner = [](bool count_padding) {
    const auto graph = graph_of({3, 3, 3}, [&](Builder& net) {
      return net.average_pool(
          net.input(),
          {.size = 3, .stride = 1, .padding = Padding::symmetric, .count_padding = count_padding});
    });
    return run(graph, {}, first_plane({1, 2, 3, 4, 5, 6, 7, 8, 9})).at(0);
  };
  EXPECT_NEAR(corner(false), 12.0 / 4, kTolerance);
  EXPECT_NEAR(corner(true), 12.0 / 9, kTolerance);
}

TEST(Operations, CeilKeepsTheWindowThatBeginsInside) {
  const auto graph = graph_of({3, 4, 4}, [](Builder& net) {
    return net.max_pool(net.input(), {.size = 3, .stride = 2, .padding = Padding::ceil});
  });
  std::vector<float> image(48, -20.0F);
  for (int i = 0; i < 16; ++i) image[static_cast<std::size_t>(i)] = static_cast<float>(i - 16);
  const auto logits = run(graph, {}, image);
  ASSERT_EQ(logits.size(), 12U);
  EXPECT_THAT(std::vector<float>(logits.begin(), logits.begin() + 4),
              Pointwise(FloatNear(kTolerance), {-6.0F, -5.0F, -2.0F, -1.0F}));
}

TEST(Operations, MultiplyWeighsEachMapByItsValue) {
  const auto graph = graph_of({3, 1, 2}, [](Builder& net) {
    return net.multiply(net.input(), net.global_average_pool(net.input()));
  });
  EXPECT_THAT(run(graph, {}, {1, 3, 2, 4, -1, 1}),
              Pointwise(FloatNear(kTolerance), {2.0F, 6.0F, 6.0F, 12.0F, 0.0F, 0.0F}));
}

TEST(Operations, ConcatLaysChannelsAfterOneAnother) {
  const auto graph = graph_of({3, 1, 1}, [](Builder& net) {
    return net.concat({net.relu(net.input()), net.input(), net.flatten(net.input())});
  });
  EXPECT_THAT(
      run(graph, {}, {-1, 2, 3}),
      Pointwise(FloatNear(kTolerance), {0.0F, 2.0F, 3.0F, -1.0F, 2.0F, 3.0F, -1.0F, 2.0F, 3.0F}));
}

TEST(Operations, PadAndCropMoveTheMap) {
  const auto graph = graph_of({3, 2, 2}, [](Builder& net) {
    return net.crop(net.zero_pad(net.input(), {.bottom = 1, .right = 2}), {.top = 1, .right = 1});
  });
  const auto logits = run(graph, {}, first_plane({1, 2, 3, 4}));
  ASSERT_EQ(logits.size(), 18U);
  EXPECT_THAT(std::vector<float>(logits.begin(), logits.begin() + 6),
              Pointwise(FloatNear(kTolerance), {3.0F, 4.0F, 0.0F, 0.0F, 0.0F, 0.0F}));
}

TEST(Operations, DropoutDoesNothingOutsideTraining) {
  const auto graph =
      graph_of({3, 1, 1}, [](Builder& net) { return net.dropout(net.input(), 0.9); });
  EXPECT_THAT(run(graph, {}, {-1, 0, 2}), Pointwise(FloatNear(kTolerance), {-1.0F, 0.0F, 2.0F}));
}

TEST(Operations, EveryMixOfThemAgreesWithTheReference) {
  const auto graph = graph_of({3, 13, 10}, [](Builder& net) {
    NodeId x = net.conv2d("conv", net.input(),
                          {.out_channels = 8, .kernel = 5, .stride = 2, .padding = Padding::same});
    x = net.relu(net.batch_norm("norm", x, {.epsilon = 1e-3}));
    x = net.add(
        x, net.group_norm(
               "group",
               net.conv2d(
                   "depthwise", x,
                   {.out_channels = 8, .kernel = 3, .padding = Padding::symmetric, .groups = 8}),
               {.groups = 4}));
    x = net.max_pool(x, {.size = 3, .stride = 2, .padding = Padding::same});
    const NodeId mean = net.global_average_pool(x);
    const NodeId flat = net.relu(net.dense("dense", net.flatten(x), 8));
    const NodeId sum = net.add(net.batch_norm("vector_norm", flat), mean);
    return net.conv2d("last", net.group_norm("vector_group", sum, {.groups = 2}),
                      {.out_channels = 5});
  });
  const auto weights = test::random_weights(graph);
  const auto image = test::random_images(graph, 1);
  const auto expected = test::Reference(graph, weights).run(image);
  EXPECT_THAT(run(graph, weights, image), Pointwise(::testing::DoubleNear(1e-4), expected));
}

TEST(Operations, EveryMixOfThoseOfTheZooAgreesWithTheReference) {
  using graph::Activation;
  const auto graph = graph_of({3, 14, 11}, [](Builder& net) {
    NodeId x = net.conv2d("conv", net.input(),
                          {.out_channels = 8, .kernel = {7, 1}, .padding = Padding::symmetric});
    x = net.activate(x, Activation::hard_swish);
    const NodeId wide = net.conv2d(
        "wide", x, {.out_channels = 8, .kernel = {1, 7}, .stride = 2, .padding = Padding::same});
    const NodeId mean = net.average_pool(x, {.size = 3, .stride = 2, .padding = Padding::same});
    const NodeId counted = net.average_pool(
        x, {.size = 4, .stride = 2, .padding = Padding::same, .count_padding = true});
    x = net.concat({net.activate(wide, Activation::silu), mean, counted});
    const NodeId gate = net.activate(net.global_average_pool(x), Activation::hard_sigmoid);
    x = net.max_pool(net.multiply(x, gate), {.size = 3, .stride = 2, .padding = Padding::ceil});
    x = net.crop(net.zero_pad(x, {.top = 2, .right = 1}), {.bottom = 1, .left = 1});
    x = net.multiply(x, net.activate(x, Activation::sigmoid));
    return net.activate(net.dense("dense", net.flatten(x), 7), Activation::relu6);
  });
  const auto weights = test::random_weights(graph);
  const auto image = test::random_images(graph, 1);
  const auto expected = test::Reference(graph, weights).run(image);
  EXPECT_THAT(run(graph, weights, image), Pointwise(::testing::DoubleNear(1e-4), expected));
}

}  // namespace
}  // namespace bloodcell::infer
