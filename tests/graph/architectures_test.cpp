#include <bloodcell/graph/architectures.hpp>

#include <bloodcell/graph/backbone.hpp>
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

// Facts of the Kaggle benchmark: maps, parameters, those that do not learn.
TEST(Benchmark, HasThePublishedParametersAndMaps) {
  const auto graph = find_architecture("benchmark")->build({3, 240, 320}, 4);
  ASSERT_OK(graph);
  EXPECT_EQ(graph->parameter_count(), 17'184'388);
  EXPECT_EQ(graph->parameter_count() - graph->trainable_count(), 6'400);
  std::vector<Shape> pools;
  for (const auto& node : graph->nodes) {
    if (std::holds_alternative<MaxPool2d>(node.operation)) pools.push_back(node.shape);
  }
  EXPECT_EQ(pools, (std::vector<Shape>{{256, 26, 35}, {512, 13, 17}, {512, 6, 8}, {512, 3, 4}}));
}

// torchvision's num_params, which leaves running statistics out. Its InceptionV3 counts an
// auxiliary classifier of 3,326,696 that serves training alone. EfficientNet-Lite: Google's table.
TEST(Zoo, HasTorchvisionsParameterCounts) {
  const std::pair<const char*, std::int64_t> published[]{{"vgg16", 138'357'544},
                                                         {"vgg19", 143'667'240},
                                                         {"resnet18", 11'689'512},
                                                         {"resnet34", 21'797'672},
                                                         {"resnet50", 25'557'032},
                                                         {"resnet101", 44'549'160},
                                                         {"densenet121", 7'978'856},
                                                         {"inception_v3", 27'161'264 - 3'326'696},
                                                         {"mobilenet_v2", 3'504'872},
                                                         {"mobilenet_v3_small", 2'542'856},
                                                         {"mobilenet_v3_large", 5'483'032},
                                                         {"efficientnet_b0", 5'288'548},
                                                         {"efficientnet_lite0", 4'652'008},
                                                         {"efficientnet_lite1", 5'416'680},
                                                         {"squeezenet1_1", 1'235'496}};
  for (const auto& [name, count] : published) {
    const auto info = find_architecture(name);
    ASSERT_OK(info);
    const auto graph = info->build({3, info->default_height_px, info->default_width_px}, 1000);
    ASSERT_OK(graph);
    EXPECT_EQ(graph->trainable_count(), count) << name;
  }
}

// Instance norm at four narrow places, with the weights of the batch norms that stood there.
TEST(Zoo, EfficientNetLiteTakesItsWeightsWithInstanceNormToo) {
  const auto graph = find_architecture("efficientnet_lite0-ibn")->build({3, 224, 224}, 1000);
  ASSERT_OK(graph);
  EXPECT_EQ(graph->trainable_count(), 4'652'008);
  std::vector<std::string> instance;
  for (const auto& node : graph->nodes) {
    const auto* norm = std::get_if<GroupNorm>(&node.operation);
    if (norm == nullptr) continue;
    EXPECT_EQ(norm->groups, node.shape.channels);
    instance.push_back(node.name);
  }
  EXPECT_EQ(instance, (std::vector<std::string>{"_bn0", "_blocks.0._bn2", "_blocks.1._bn2",
                                                "_blocks.3._bn2"}));
}

// Keras' counts without top take in running statistics. Its InceptionV3 has no scale in its norms
// (17,216 channels), its EfficientNet 7 numbers of an input norm that here are input scaling.
TEST(Zoo, HasKerasParameterCountsWithoutTop) {
  const std::pair<const char*, std::int64_t> published[]{
      {"vgg16-keras", 14'714'688},
      {"vgg19-keras", 20'024'384},
      {"resnet50-keras", 23'587'712},
      {"resnet101-keras", 42'658'176},
      {"densenet121-keras", 7'037'504},
      {"inception_v3-keras", 21'802'784 + 17'216},
      {"xception-keras", 20'861'480},
      {"mobilenet_v2-keras", 2'257'984},
      {"efficientnet_b0-keras", 4'049'571 - 7},
      {"nasnet_mobile-keras", 4'269'716},
      {"squeezenet1_1-keras", 722'496}};
  for (const auto& [name, count] : published) {
    const auto info = find_architecture(name);
    ASSERT_OK(info);
    const auto graph = info->build({3, info->default_height_px, info->default_width_px}, 1000);
    ASSERT_OK(graph);
    EXPECT_EQ(backbone_of(*graph).parameter_count(), count) << name;
  }
}

// Widths of the seed project's table (facts of its networks), heights and widths of the papers.
TEST(Zoo, HasThePublishedFeatures) {
  const std::pair<const char*, Shape> published[]{{"vgg16", {512, 7, 7}},
                                                  {"resnet18", {512, 7, 7}},
                                                  {"resnet50", {2048, 7, 7}},
                                                  {"densenet121", {1024, 7, 7}},
                                                  {"inception_v3", {2048, 8, 8}},
                                                  {"xception-keras", {2048, 10, 10}},
                                                  {"mobilenet_v2", {1280, 7, 7}},
                                                  {"mobilenet_v3_small", {576, 7, 7}},
                                                  {"mobilenet_v3_large", {960, 7, 7}},
                                                  {"efficientnet_b0", {1280, 7, 7}},
                                                  {"efficientnet_lite1", {1280, 8, 8}},
                                                  {"nasnet_mobile-keras", {1056, 7, 7}},
                                                  {"squeezenet1_1", {512, 13, 13}},
                                                  {"squeezenet1_1-keras", {512, 13, 13}}};
  for (const auto& [name, shape] : published) {
    const auto info = find_architecture(name);
    ASSERT_OK(info);
    const auto graph = info->build({3, info->default_height_px, info->default_width_px}, 4);
    ASSERT_OK(graph);
    EXPECT_EQ(backbone_of(*graph).output_shape(), shape) << name;
  }
}

TEST(Architectures, EachSaysHowItsInputIsScaled) {
  const auto scaled = [](const char* name, std::size_t channel, double pixel) {
    const auto scaling = find_architecture(name)->scaling;
    return (pixel - scaling.mean[channel]) / scaling.deviation[channel];
  };
  EXPECT_NEAR(scaled("resnet50", 0, 255), (1 - 0.485) / 0.229, 1e-9);
  EXPECT_NEAR(scaled("densenet121-keras", 2, 0), -0.406 / 0.225, 1e-9);
  for (const char* name :
       {"mobilenet_v2-keras", "inception_v3", "xception-keras", "nasnet_mobile-keras"}) {
    EXPECT_EQ(scaled(name, 1, 0), -1) << name;
    EXPECT_EQ(scaled(name, 1, 255), 1) << name;
  }
  EXPECT_NEAR(scaled("efficientnet_lite0", 1, 255), 1, 1e-9);
  EXPECT_TRUE(find_architecture("vgg16-keras")->scaling.bgr);
  EXPECT_NEAR(scaled("vgg16-keras", 0, 103.939), 0, 1e-9);
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
