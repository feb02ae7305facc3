#include <bloodcell/graph/graph.hpp>

#include <rapidcheck.h>

#include <bloodcell/graph/builder.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::graph {
namespace {

using Pads = std::pair<std::int64_t, std::int64_t>;

Pads pads(Padding padding, std::int64_t length, int kernel, int stride) {
  const PaddingPixels p = padding_pixels(padding, length, kernel, stride);
  return {p.before, p.after};
}

TEST(Padding, SamePutsTheOddPixelAfter) {
  EXPECT_EQ(pads(Padding::same, 6, 3, 2), Pads(0, 1));
  EXPECT_EQ(pads(Padding::same, 5, 3, 2), Pads(1, 1));
  EXPECT_EQ(pads(Padding::same, 7, 2, 1), Pads(0, 1));
  EXPECT_EQ(pads(Padding::same, 224, 7, 2), Pads(2, 3));
}

TEST(Padding, SameIsNothingWhereWindowsAlreadyFit) {
  EXPECT_EQ(pads(Padding::same, 6, 2, 2), Pads(0, 0));
  EXPECT_EQ(pads(Padding::same, 9, 1, 3), Pads(0, 0));
}

TEST(Padding, SymmetricIsHalfTheKernelOnEachSide) {
  EXPECT_EQ(pads(Padding::symmetric, 6, 3, 2), Pads(1, 1));
  EXPECT_EQ(pads(Padding::symmetric, 224, 7, 2), Pads(3, 3));
  EXPECT_EQ(pads(Padding::symmetric, 5, 1, 1), Pads(0, 0));
}

// PyTorch's rule for ceil_mode: the last window begins inside the map.
TEST(Padding, CeilFillsTheLastWindowThatBeginsInside) {
  EXPECT_EQ(pads(Padding::ceil, 111, 3, 2), Pads(0, 0));
  EXPECT_EQ(pads(Padding::ceil, 112, 3, 2), Pads(0, 1));
  EXPECT_EQ(pads(Padding::ceil, 4, 1, 3), Pads(0, 0));
  EXPECT_EQ(pads(Padding::ceil, 5, 1, 3), Pads(0, 0));
  EXPECT_EQ(pads(Padding::ceil, 2, 3, 2), Pads(0, 0));
}

TEST(Padding, ValidIsNothing) { EXPECT_EQ(pads(Padding::valid, 6, 5, 3), Pads(0, 0)); }

TEST(Padding, SameGivesLengthOverStrideRoundedUp) {
  EXPECT_TRUE(rc::check([] {
    const auto length = *rc::gen::inRange<std::int64_t>(1, 400);
    const int kernel = *rc::gen::inRange(1, 12);
    const int stride = *rc::gen::inRange(1, 6);
    const PaddingPixels p = padding_pixels(Padding::same, length, kernel, stride);
    RC_ASSERT(p.after - p.before == 0 || p.after - p.before == 1);
    RC_ASSERT((length + p.before + p.after - kernel) / stride + 1 ==
              (length + stride - 1) / stride);
  }));
}

// conv: 2·(2·3·3·3·4·4), depthwise: 2·(2·1·3·3·4·4), dense: 2·(2·5)
TEST(Graph, CountsTheOperationsOfASmallNetworkAsByHand) {
  Builder net("small", {3, 4, 4});
  NodeId x =
      net.conv2d("conv", net.input(), {.out_channels = 2, .kernel = 3, .padding = Padding::same});
  x = net.relu(net.batch_norm("norm", x));
  x = net.conv2d("depthwise", x,
                 {.out_channels = 2, .kernel = 3, .padding = Padding::same, .groups = 2});
  x = net.global_average_pool(net.group_norm("group", x, {.groups = 1}));
  net.dense("classes", x, 5);
  const auto graph = std::move(net).build();
  ASSERT_OK(graph);
  EXPECT_EQ(graph->flops(), 2 * (2 * 27 * 16) + 2 * (2 * 9 * 16) + 2 * (2 * 5));
  EXPECT_EQ(graph->parameter_count(), (54 + 2) + 4 * 2 + (18 + 2) + 2 * 2 + (10 + 5));
  EXPECT_EQ(graph->input_shape(), (Shape{3, 4, 4}));
  EXPECT_EQ(graph->classes(), 5);
}

TEST(Graph, NamesItsParametersByLayerAndRole) {
  Builder net("small", {4, 2, 2});
  NodeId x = net.conv2d("conv", net.input(), {.out_channels = 6, .groups = 2, .bias = false});
  x = net.global_average_pool(net.batch_norm("norm", x));
  net.dense("classes", x, 3);
  const auto graph = std::move(net).build();
  ASSERT_OK(graph);
  std::vector<std::string> names;
  std::vector<std::string> fixed;
  for (const auto& spec : graph->parameters()) {
    names.push_back(spec.name);
    if (!spec.trainable) fixed.push_back(spec.name);
  }
  EXPECT_THAT(names,
              ::testing::ElementsAre("conv.weight", "norm.weight", "norm.bias", "norm.running_mean",
                                     "norm.running_var", "classes.weight", "classes.bias"));
  EXPECT_THAT(fixed, ::testing::ElementsAre("norm.running_mean", "norm.running_var"));
  EXPECT_THAT(graph->parameters()[0].dims, ::testing::ElementsAre(6, 2, 1, 1));
  EXPECT_THAT(graph->parameters()[5].dims, ::testing::ElementsAre(3, 6));
}

}  // namespace
}  // namespace bloodcell::graph
