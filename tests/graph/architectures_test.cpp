#include <bloodcell/graph/architectures.hpp>

#include <bloodcell/test/support.hpp>

namespace bloodcell::graph {
namespace {

const Node& node_named(const Graph& graph, std::string_view name) {
  for (const auto& node : graph.nodes) {
    if (node.name == name) return node;
  }
  throw std::runtime_error("no node " + std::string(name));
}

TEST(Baseline, HasTheSeedProjectsParameterCount) {
  const auto graph = baseline({3, 240, 320}, 4);
  ASSERT_OK(graph);
  EXPECT_EQ(graph->parameter_count(), 17'526'468);
}

TEST(Baseline, HasTheSeedProjectsMaps) {
  const auto graph = baseline({3, 240, 320}, 4);
  ASSERT_OK(graph);
  std::vector<Shape> pools;
  for (const auto& node : graph->nodes) {
    if (std::holds_alternative<MaxPool2d>(node.operation)) pools.push_back(node.shape);
  }
  EXPECT_EQ(pools, (std::vector<Shape>{{32, 119, 159}, {64, 58, 78}, {128, 28, 38}}));
  EXPECT_EQ(node_named(*graph, "dense1").shape, (Shape{128, 1, 1}));
}

// 2 × (238·318·32·27 + 117·157·64·288 + 56·76·128·576 + 136192·128 + 128·4)
TEST(Baseline, NeedsTheOperationsCountedByHand) {
  const auto graph = baseline({3, 240, 320}, 4);
  ASSERT_OK(graph);
  EXPECT_EQ(graph->flops(), 2LL * (238 * 318 * 32 * 27 + 117 * 157 * 64 * 288 +
                                   56LL * 76 * 128 * 576 + 136192LL * 128 + 128 * 4));
}

TEST(Baseline, FollowsTheInputSizeAndRefusesOneTooSmall) {
  EXPECT_OK(baseline({3, 64, 80}, 8));
  const auto tiny = baseline({3, 16, 16}, 4);
  EXPECT_ERROR(tiny, ErrorCode::usage);
  EXPECT_THAT(tiny.error().message, ::testing::HasSubstr("layer conv3"));
}

TEST(Compact, IsSmallAndFast) {
  const auto graph = compact({3, 96, 96}, 8);
  ASSERT_OK(graph);
  EXPECT_GT(graph->parameter_count(), 250'000);
  EXPECT_LT(graph->parameter_count(), 350'000);
  EXPECT_LT(graph->flops(), 90'000'000);
  EXPECT_EQ(graph->classes(), 8);
}

TEST(Architectures, EachBuildsAtItsDefaultSize) {
  for (const auto& info : architectures()) {
    const auto graph = info.build({3, info.default_height_px, info.default_width_px}, 5);
    ASSERT_OK(graph);
    EXPECT_EQ(graph->architecture, info.name);
    const bool locates = info.task == Task::locate;
    EXPECT_EQ(graph->output_shape(), locates ? (Shape{9, 24, 32}) : (Shape{5, 1, 1}));
  }
}

TEST(Architectures, TheLocatorWantsSidesOfWholeStrides) {
  EXPECT_OK(locator({3, 64, 96}, 3));
  EXPECT_ERROR(locator({3, 60, 96}, 3), ErrorCode::usage);
}

TEST(Architectures, AnUnknownNameListsTheKnownOnes) {
  const auto none = find_architecture("resnet9000");
  EXPECT_ERROR(none, ErrorCode::not_found);
  EXPECT_THAT(none.error().remedy, ::testing::HasSubstr("baseline"));
}

}  // namespace
}  // namespace bloodcell::graph
