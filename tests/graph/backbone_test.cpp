#include <bloodcell/graph/backbone.hpp>

#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/test/support.hpp>

#include "random_weights.hpp"

namespace bloodcell::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Graph resnet18() { return *find_architecture("resnet18")->build({3, 64, 96}, 7); }

std::vector<std::string> layers_after(const Graph& graph, NodeId node) {
  std::vector<std::string> names;
  for (NodeId id = node + 1; id < graph.nodes.size(); ++id) names.push_back(graph.nodes[id].name);
  return names;
}

TEST(Backbone, EndsWithTheFeatures) {
  const Graph backbone = backbone_of(resnet18());
  EXPECT_EQ(backbone.output_shape(), (Shape{512, 2, 3}));
  EXPECT_EQ(backbone.trainable_count(),
            11'176'512);  // torchvision's 11,689,512 less 512·1000 + 1000
}

TEST(Backbone, AndHeadTogetherHoldEveryParameterOnce) {
  const Graph whole = resnet18();
  const Graph head = head_of(whole);
  EXPECT_EQ(head.input_shape(), (Shape{512, 2, 3}));
  EXPECT_EQ(head.output_shape(), whole.output_shape());
  EXPECT_EQ(backbone_of(whole).parameter_count() + head.parameter_count(), whole.parameter_count());
  EXPECT_EQ(head.parameter_count(), 512 * 7 + 7);
}

// Facts of the seed project: 512 · width + width, four of the norm, width · classes + classes.
TEST(Head, IsTheSeedProjectsByDefault) {
  const auto graph = with_head(resnet18(), {}, 4);
  ASSERT_OK(graph);
  EXPECT_EQ(head_of(*graph).parameter_count(), (512 * 512 + 512) + 4 * 512 + (512 * 4 + 4));
  EXPECT_EQ(graph->output_shape(), (Shape{4, 1, 1}));
  const Graph head = head_of(*graph);
  ASSERT_EQ(head.nodes.size(), 7U);
  EXPECT_TRUE(std::holds_alternative<GlobalAveragePool>(head.nodes[1].operation));
  EXPECT_EQ(std::get<Dense>(head.nodes[2].operation).l2, 1e-4);
  EXPECT_TRUE(std::holds_alternative<Activate>(head.nodes[3].operation));
  EXPECT_EQ(head.nodes[4].name, "head.norm1");
  EXPECT_EQ(std::get<Dropout>(head.nodes[5].operation).rate, 0.5);
  EXPECT_EQ(head.nodes[6].name, "head.logits");
}

TEST(Head, CanBeTheOneOf2024OrTwoLayersOrNone) {
  const auto flat = with_head(
      resnet18(),
      {.flatten = true, .layers = 1, .width = 500, .batch_norm = false, .dropout = 0, .l2 = 0}, 4);
  ASSERT_OK(flat);
  EXPECT_EQ(head_of(*flat).parameter_count(), 512 * 6 * 500 + 500 + 500 * 4 + 4);
  const auto two = with_head(resnet18(), {.layers = 2, .width = 128}, 4);
  ASSERT_OK(two);
  EXPECT_OK(layer_named(*two, "head.norm2"));
  const auto none = with_head(resnet18(), {.layers = 0}, 4);
  ASSERT_OK(none);
  EXPECT_EQ(head_of(*none).parameter_count(), 512 * 4 + 4);
}

TEST(Head, TakesThePlaceOfAnother) {
  const auto once = with_head(resnet18(), {.layers = 2}, 4);
  ASSERT_OK(once);
  const auto again = with_head(*once, {.layers = 0}, 9);
  ASSERT_OK(again);
  EXPECT_EQ(layers_after(*again, again->features).back(), "head.logits");
  EXPECT_EQ(again->classes(), 9);
}

TEST(Head, RefusesWhatIsOutOfRange) {
  EXPECT_ERROR(with_head(resnet18(), {.layers = 9}, 4), ErrorCode::usage);
  EXPECT_ERROR(with_head(resnet18(), {.layers = -1}, 4), ErrorCode::usage);
  EXPECT_ERROR(with_head(resnet18(), {.width = 0}, 4), ErrorCode::usage);
  EXPECT_ERROR(with_head(resnet18(), {.dropout = 1}, 4), ErrorCode::usage);
  EXPECT_ERROR(with_head(resnet18(), {.l2 = -1}, 4), ErrorCode::usage);
  EXPECT_ERROR(with_head(resnet18(), {}, 0), ErrorCode::usage);
}

TEST(InputNorm, StandsBeforeAllLayersAndComesOffAgain) {
  const Graph plain = resnet18();
  const Graph normed = with_input_norm(plain);
  EXPECT_EQ(normed.nodes[1].name, kInputNorm);
  EXPECT_EQ(std::get<GroupNorm>(normed.nodes[1].operation).groups, 3);
  EXPECT_EQ(normed.parameter_count(), plain.parameter_count() + 6);
  EXPECT_EQ(normed.nodes[normed.features].name, plain.nodes[plain.features].name);
  const Graph again = without_input_norm(normed);
  ASSERT_EQ(again.nodes.size(), plain.nodes.size());
  EXPECT_EQ(again.features, plain.features);
  for (NodeId id = 0; id < plain.nodes.size(); ++id) {
    EXPECT_EQ(again.nodes[id].name, plain.nodes[id].name);
    EXPECT_EQ(again.nodes[id].inputs, plain.nodes[id].inputs);
  }
  EXPECT_EQ(without_input_norm(plain).nodes.size(), plain.nodes.size());
}

TEST(Layers, AreFoundByNameAndSayWhatStandsBeforeThem) {
  Builder net("net", {3, 4, 4});
  const NodeId first = net.conv2d("first", net.input(), {.out_channels = 2});
  const NodeId norm = net.batch_norm("norm", first);
  net.end_backbone();
  net.dense("last", net.global_average_pool(norm), 3);
  const Graph graph = *std::move(net).build();
  const auto found = layer_named(graph, "norm");
  ASSERT_OK(found);
  EXPECT_EQ(*found, norm);
  EXPECT_THAT(parameters_before(graph, *found), ElementsAre("first.weight", "first.bias"));
  EXPECT_THAT(parameters_before(graph, graph.features + 1),
              ElementsAre("first.weight", "first.bias", "norm.weight", "norm.bias",
                          "norm.running_mean", "norm.running_var"));
  EXPECT_THAT(parameters_before(graph, 0), ::testing::IsEmpty());
  const auto none = layer_named(graph, "nor");
  EXPECT_ERROR(none, ErrorCode::not_found);
  EXPECT_THAT(none.error().remedy, HasSubstr("first, norm, last"));
}

TEST(WeightsFor, TakesThoseOfAPartAndMissesNone) {
  const Graph whole = *find_architecture("compact")->build({3, 32, 32}, 3);
  const auto weights = test::random_weights(whole);
  const auto head = weights_for(head_of(whole), weights);
  ASSERT_OK(head);
  EXPECT_EQ(head->size(), 2U);
  Weights fewer = weights;
  fewer.erase("stem.weight");
  EXPECT_ERROR(weights_for(backbone_of(whole), fewer), ErrorCode::mismatch);
}

}  // namespace
}  // namespace bloodcell::graph
