#include <bloodcell/graph/builder.hpp>

#include <limits>

#include <bloodcell/test/support.hpp>

namespace bloodcell::graph {
namespace {

using ::testing::HasSubstr;

void expect_refusal(Builder&& net, const std::string& what) {
  const auto graph = std::move(net).build();
  EXPECT_ERROR(graph, ErrorCode::usage);
  EXPECT_THAT(graph.error().message, HasSubstr(what));
  EXPECT_THAT(graph.error().message, HasSubstr("net"));
}

// Facts of the Kaggle benchmark network: 240×320 -> conv 8×8 stride 3 -> 78×105 -> pool 3 -> 26×35
TEST(Builder, FindsThePublishedMapsOfTheKaggleBenchmark) {
  Builder net("benchmark", {3, 240, 320});
  const NodeId conv =
      net.conv2d("conv1", net.input(), {.out_channels = 128, .kernel = 8, .stride = 3});
  EXPECT_EQ(net.shape_of(conv), (Shape{128, 78, 105}));
  const NodeId second =
      net.conv2d("conv2", conv, {.out_channels = 256, .kernel = 5, .padding = Padding::same});
  EXPECT_EQ(net.shape_of(second), (Shape{256, 78, 105}));
  const NodeId pool = net.max_pool(second, {.size = 3, .stride = 3});
  EXPECT_EQ(net.shape_of(pool), (Shape{256, 26, 35}));
}

TEST(Builder, RoundsSamePaddingUpAndValidDown) {
  Builder net("net", {1, 7, 5});
  const auto pooled = [&](Padding padding) {
    return net.shape_of(net.max_pool(net.input(), {.size = 2, .stride = 2, .padding = padding}));
  };
  EXPECT_EQ(pooled(Padding::valid), (Shape{1, 3, 2}));
  EXPECT_EQ(pooled(Padding::same), (Shape{1, 4, 3}));
}

TEST(Builder, RefusesAWindowLargerThanItsMap) {
  Builder conv("net", {3, 4, 4});
  conv.conv2d("wide", conv.input(), {.out_channels = 1, .kernel = 5});
  expect_refusal(std::move(conv), "layer wide has a 5x5 window over [3, 4, 4]");
  Builder pool("net", {3, 1, 4});
  pool.max_pool(pool.input());
  expect_refusal(std::move(pool), "2x2 window over [3, 1, 4]");
}

TEST(Builder, RefusesGroupsThatDoNotDivideTheChannels) {
  Builder conv("net", {3, 4, 4});
  conv.conv2d("grouped", conv.input(), {.out_channels = 4, .groups = 2});
  expect_refusal(std::move(conv), "layer grouped");
  Builder norm("net", {3, 4, 4});
  norm.group_norm("norm", norm.input(), {.groups = 2});
  expect_refusal(std::move(norm), "layer norm has 2 groups over [3, 4, 4]");
}

TEST(Builder, RefusesASumOfUnequalShapes) {
  Builder net("net", {3, 4, 4});
  net.add(net.input(), net.max_pool(net.input()));
  expect_refusal(std::move(net), "adds [3, 4, 4] and [3, 2, 2]");
}

TEST(Builder, RefusesPartsThatDoNotGoTogether) {
  Builder by("net", {3, 4, 4});
  by.multiply(by.input(), by.max_pool(by.input()));
  expect_refusal(std::move(by), "multiplies [3, 4, 4] by [3, 2, 2]");
  Builder joined("net", {3, 4, 4});
  joined.concat({joined.input(), joined.max_pool(joined.input())});
  expect_refusal(std::move(joined), "joins [3, 2, 2] to [3, 4, 4]");
  Builder cut("net", {3, 4, 4});
  cut.crop(cut.input(), {.top = 2, .bottom = 2});
  expect_refusal(std::move(cut), "cuts all of [3, 4, 4]");
  Builder padded("net", {3, 4, 4});
  padded.zero_pad(padded.input(), {.left = -1});
  expect_refusal(std::move(padded), "a border that is not 0 to 4096");
}

TEST(Builder, RefusesADenseLayerOverMaps) {
  Builder net("net", {3, 4, 4});
  net.dense("classes", net.input(), 2);
  expect_refusal(std::move(net), "layer classes has 2 units over [3, 4, 4]");
}

TEST(Builder, RefusesTwoLayersOfOneName) {
  Builder net("net", {3, 1, 1});
  net.dense("same", net.dense("same", net.input(), 3), 3);
  expect_refusal(std::move(net), "two layers are called same");
}

TEST(Builder, RefusesSizesOutOfRange) {
  expect_refusal(Builder("net", {3, 0, 4}), "layer input");
  expect_refusal(Builder("net", {3, 4, 4097}), "layer input");
  const auto with_conv = [](Conv2d conv) {
    Builder net("net", {3, 8, 8});
    net.global_average_pool(net.conv2d("conv", net.input(), conv));
    return net;
  };
  constexpr int kHuge = std::numeric_limits<int>::max();
  for (const Conv2d& conv :
       {Conv2d{}, Conv2d{.out_channels = -1}, Conv2d{.out_channels = 1, .kernel = 0},
        Conv2d{.out_channels = 1, .stride = 0}, Conv2d{.out_channels = 1, .groups = 0},
        Conv2d{.out_channels = kHuge}, Conv2d{.out_channels = 1, .kernel = kHuge},
        Conv2d{.out_channels = 65'536, .kernel = 4096, .padding = Padding::same}}) {
    expect_refusal(with_conv(conv), "layer conv");
  }
  for (const double rate : {-0.1, 1.0, std::numeric_limits<double>::quiet_NaN()}) {
    Builder net("net", {3, 1, 1});
    net.dropout(net.input(), rate);
    expect_refusal(std::move(net), "a rate of");
  }
}

TEST(Builder, RefusesMoreWeightsThanAFileCanHold) {
  Builder net("net", {3, 4096, 4096});
  net.dense("classes", net.flatten(net.input()), 1000);
  expect_refusal(std::move(net), "layer classes has more than 536870912 weights");
  Builder none("net", {3, 1, 1});
  none.dense("classes", none.input(), 0);
  expect_refusal(std::move(none), "layer classes has 0 units");
}

TEST(Builder, TellsOfTheFirstFaultOnly) {
  Builder net("net", {3, 4, 4});
  const NodeId wide = net.conv2d("first", net.input(), {.out_channels = 1, .kernel = 9});
  net.dense("second", net.conv2d("third", wide, {.out_channels = 0}), 4);
  expect_refusal(std::move(net), "layer first");
}

}  // namespace
}  // namespace bloodcell::graph
