#include <bloodcell/graph/keras.hpp>

#include <set>

#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::graph {
namespace {

Graph network(std::string_view name) {
  const auto info = find_architecture(name).value();
  return info.build({3, info.default_height_px, info.default_width_px}, 1000).value();
}

std::string keras_layer(std::string_view architecture, std::string_view layer) {
  const Graph graph = network(architecture);
  for (const Node& node : graph.nodes) {
    if (node.name == layer) return keras_layer_of(graph, node);
  }
  return "no such layer";
}

// Names as model.summary() of Keras 2 prints them.
TEST(KerasNames, AreThoseOfKerasApplications) {
  EXPECT_EQ(keras_layer("vgg16-keras", "features.0"), "block1_conv1");
  EXPECT_EQ(keras_layer("vgg16-keras", "features.28"), "block5_conv3");
  EXPECT_EQ(keras_layer("vgg19-keras", "features.34"), "block5_conv4");
  EXPECT_EQ(keras_layer("resnet50-keras", "layer4.2.conv3"), "conv5_block3_3_conv");
  EXPECT_EQ(keras_layer("resnet101-keras", "layer3.22.bn1"), "conv4_block23_1_bn");
  EXPECT_EQ(keras_layer("resnet50-keras", "layer1.0.downsample.1"), "conv2_block1_0_bn");
  EXPECT_EQ(keras_layer("densenet121-keras", "features.denseblock3.denselayer24.norm2"),
            "conv4_block24_1_bn");
  EXPECT_EQ(keras_layer("densenet121-keras", "features.transition1.conv"), "pool2_conv");
  EXPECT_EQ(keras_layer("mobilenet_v2-keras", "features.1.conv.0.0"), "expanded_conv_depthwise");
  EXPECT_EQ(keras_layer("mobilenet_v2-keras", "features.1.conv.2"), "expanded_conv_project_BN");
  EXPECT_EQ(keras_layer("mobilenet_v2-keras", "features.17.conv.0.1"), "block_16_expand_BN");
  EXPECT_EQ(keras_layer("mobilenet_v2-keras", "features.17.conv.2"), "block_16_project");
  EXPECT_EQ(keras_layer("efficientnet_b0-keras", "features.1.0.block.0.0"), "block1a_dwconv");
  EXPECT_EQ(keras_layer("efficientnet_b0-keras", "features.6.3.block.3.1"), "block6d_project_bn");
  EXPECT_EQ(keras_layer("efficientnet_b0-keras", "features.2.1.block.2.fc1"), "block2b_se_reduce");
  EXPECT_EQ(keras_layer("squeezenet1_1-keras", "features.12.expand1x1"), "fire9/expand1x1");
  EXPECT_EQ(keras_layer("squeezenet1_1-keras", "features.6.squeeze"), "fire4/squeeze1x1");
  EXPECT_EQ(keras_layer("xception-keras", "block13_shortcut"), "conv2d#4");
  EXPECT_EQ(keras_layer("xception-keras", "block14_sepconv2.pointwise"), "block14_sepconv2");
}

TEST(KerasNames, EveryLayerWithWeightsHasOneOfItsOwn) {
  for (const auto& info : architectures()) {
    if (!info.name.ends_with("-keras")) continue;
    const Graph graph = network(info.name);
    std::set<std::string> seen;
    for (const ParameterSpec& spec : graph.parameters()) {
      if (!spec.name.ends_with(".weight")) continue;
      const std::string ours = spec.name.substr(0, spec.name.size() - 7);
      for (const Node& node : graph.nodes) {
        if (node.name != ours) continue;
        const std::string layer = keras_layer_of(graph, node);
        ASSERT_FALSE(layer.empty()) << info.name << " " << ours;
        const std::string part = ours.ends_with(".depthwise") ? "depthwise" : "";
        EXPECT_TRUE(seen.insert(layer + part).second) << info.name << " " << ours << " " << layer;
      }
    }
  }
}

// NASNet's layers are named as Keras names them, so that a small graph can take its name.
TEST(KerasWeights, TurnsLayouts) {
  Builder net("nasnet_mobile-keras", {2, 3, 2});
  NodeId x = net.conv2d("mix", net.input(), {.out_channels = 3, .bias = false});  // [3, 3, 2]
  x = net.conv2d("sep.depthwise", x,
                 {.out_channels = 3, .kernel = {2, 1}, .groups = 3, .bias = false});  // [3, 2, 2]
  x = net.batch_norm("norm", x);
  net.dense("logits", net.flatten(x), 1);
  const Graph graph = std::move(net).build().value();

  KerasLayers layers;
  layers["mix"]["kernel"] = {{1, 1, 2, 3}, {1, 2, 3, 4, 5, 6}};            // in 0: 1 2 3
  layers["sep"]["depthwise_kernel"] = {{2, 1, 3, 1}, {1, 2, 3, 4, 5, 6}};  // row 0: 1 2 3
  layers["norm"] = {{"beta", {{3}, {1, 2, 3}}},
                    {"moving_mean", {{3}, {4, 5, 6}}},
                    {"moving_variance", {{3}, {7, 8, 9}}}};
  layers["logits"] = {{"kernel", {{12, 1}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}},
                      {"bias", {{1}, {5}}}};
  const auto weights = import_keras_weights(graph, layers);
  ASSERT_OK(weights);
  EXPECT_EQ(weights->at("mix.weight").values, (std::vector<float>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(weights->at("sep.depthwise.weight").values, (std::vector<float>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(weights->at("norm.weight").values, (std::vector<float>{1, 1, 1}));
  EXPECT_EQ(weights->at("norm.running_var").values, (std::vector<float>{7, 8, 9}));
  EXPECT_EQ(weights->at("logits.weight").values,
            (std::vector<float>{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11}));

  layers["sep"].clear();
  const auto none = import_keras_weights(graph, layers);
  EXPECT_ERROR(none, ErrorCode::mismatch);
  EXPECT_THAT(none.error().message, ::testing::HasSubstr("sep.depthwise is Keras' sep"));
}

// A process of Keras counts on from network to network; conv2d_10 stands behind conv2d_9.
TEST(KerasWeights, TakesNumberedLayersInTheirOrder) {
  Builder net("inception_v3-keras", {1, 1, 1});
  NodeId x = net.input();
  for (const char* name : {"a", "b", "c"}) {
    x = net.conv2d(name, x, {.out_channels = 1, .bias = false});
  }
  const Graph graph = std::move(net).build().value();
  KerasLayers layers;
  layers["conv2d_9"]["kernel"] = {{1, 1, 1, 1}, {1}};
  layers["conv2d_10"]["kernel"] = {{1, 1, 1, 1}, {2}};
  layers["conv2d_11"]["kernel"] = {{1, 1, 1, 1}, {3}};
  const auto weights = import_keras_weights(graph, layers);
  ASSERT_OK(weights);
  EXPECT_EQ(weights->at("a.weight").values[0], 1);
  EXPECT_EQ(weights->at("b.weight").values[0], 2);
  EXPECT_EQ(weights->at("c.weight").values[0], 3);
}

TEST(KerasFile, RefusesWhatIsNotOne) {
  EXPECT_ERROR(read_keras({}, Limits{}), ErrorCode::malformed);
  EXPECT_ERROR(read_keras(as_bytes_of("\x89HDF\r\n\x1a\n and no more"), Limits{}),
               ErrorCode::malformed);
}

TEST(KerasFile, HoldsTheLayersOfItsNetwork) {
  const auto path = test::shared("weights/squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5");
  if (!path) GTEST_SKIP() << "no ../shared/weights";
  const Bytes bytes = read_file(*path, Limits{}.max_file_bytes).value();
  const auto layers = read_keras(bytes, Limits{});
  ASSERT_OK(layers);
  const auto with_weights = std::count_if(layers->begin(), layers->end(),
                                          [](const auto& layer) { return !layer.second.empty(); });
  EXPECT_EQ(with_weights, 25);
  EXPECT_EQ(layers->at("fire2/squeeze1x1").at("kernel").dims,
            (std::vector<std::int64_t>{1, 1, 64, 16}));
  EXPECT_FALSE(read_keras(std::span(bytes).first(bytes.size() / 2), Limits{}).has_value());
  EXPECT_ERROR(read_keras(bytes, Limits{.max_file_bytes = 1000}), ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace bloodcell::graph
