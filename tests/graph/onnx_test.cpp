#include <bloodcell/graph/onnx.hpp>

#include <cstring>
#include <set>

#include <onnx/onnx_pb.h>

#include <bloodcell/base/version.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/test/support.hpp>

#include "random_weights.hpp"

namespace bloodcell::graph {
namespace {

using ::testing::ElementsAre;

onnx::ModelProto parsed(const Result<Bytes>& bytes) {
  onnx::ModelProto model;
  EXPECT_TRUE(bytes.has_value());
  EXPECT_TRUE(bytes && model.ParseFromArray(bytes->data(), static_cast<int>(bytes->size())));
  return model;
}

onnx::ModelProto written(const Graph& graph) {
  return parsed(write_onnx(graph, test::random_weights(graph), {}));
}

std::vector<std::string> types_of(const onnx::GraphProto& graph) {
  std::vector<std::string> types;
  for (const auto& node : graph.node()) types.push_back(node.op_type());
  return types;
}

std::vector<std::int64_t> ints_of(const onnx::NodeProto& node, const std::string& name) {
  for (const auto& attribute : node.attribute()) {
    if (attribute.name() == name) return {attribute.ints().begin(), attribute.ints().end()};
  }
  return {};
}

std::vector<std::string> sizes_of(const onnx::ValueInfoProto& value) {
  std::vector<std::string> sizes;
  for (const auto& dim : value.type().tensor_type().shape().dim()) {
    sizes.push_back(dim.has_dim_param() ? dim.dim_param() : std::to_string(dim.dim_value()));
  }
  return sizes;
}

// Every tensor is made once and before it is used: what ONNX calls single assignment.
void expect_sound_order(const onnx::GraphProto& graph) {
  std::set<std::string> made;
  const auto make = [&](const std::string& name) {
    EXPECT_TRUE(made.insert(name).second) << name << " is made twice";
  };
  for (const auto& input : graph.input()) make(input.name());
  for (const auto& tensor : graph.initializer()) make(tensor.name());
  std::set<std::string> nodes;
  for (const auto& node : graph.node()) {
    EXPECT_TRUE(nodes.insert(node.name()).second) << "two nodes are called " << node.name();
    for (const auto& input : node.input()) EXPECT_TRUE(made.contains(input)) << input;
    for (const auto& output : node.output()) make(output);
  }
  for (const auto& output : graph.output()) EXPECT_TRUE(made.contains(output.name()));
}

Graph every_layer() {
  Builder net("everything", {3, 9, 7});
  NodeId x = net.conv2d("conv", net.input(),
                        {.out_channels = 4, .kernel = 3, .stride = 2, .padding = Padding::same});
  x = net.relu(net.batch_norm("norm", x, {.epsilon = 1e-3}));
  x = net.add(x, net.group_norm("group", x, {.groups = 2}));
  x = net.max_pool(x, {.size = 3, .stride = 1});
  for (const auto kind : {Activation::relu6, Activation::sigmoid, Activation::hard_sigmoid,
                          Activation::silu, Activation::hard_swish}) {
    x = net.activate(x, kind);
  }
  x = net.concat({x, net.average_pool(x, {.size = 3, .stride = 1, .padding = Padding::same})});
  x = net.multiply(net.zero_pad(x, {.top = 1}), net.global_average_pool(x));
  x = net.conv2d("mix", net.crop(x, {.left = 1}), {.out_channels = 4});
  const NodeId mean = net.global_average_pool(x);
  const NodeId flat = net.dense("dense", net.flatten(x), 4);
  x = net.add(mean, net.group_norm("vector_group", flat, {.groups = 4}));
  x = net.conv2d("logits", net.dropout(net.batch_norm("images", x), 0.5), {.out_channels = 2});
  return *std::move(net).build();
}

TEST(Onnx, IsTheSameBytesEachTime) {
  const Graph graph = every_layer();
  const auto weights = test::random_weights(graph);
  const auto once = write_onnx(graph, weights, {{"b", "2"}, {"a", "1"}});
  const auto again = write_onnx(graph, weights, {{"a", "1"}, {"b", "2"}});
  ASSERT_OK(once);
  ASSERT_OK(again);
  EXPECT_EQ(*once, *again);
}

TEST(Onnx, SaysWhatItIs) {
  const Graph graph = every_layer();
  const auto model = parsed(write_onnx(graph, test::random_weights(graph), {{"key", "value"}}));
  EXPECT_EQ(model.ir_version(), 7);
  ASSERT_EQ(model.opset_import_size(), 1);
  EXPECT_EQ(model.opset_import(0).version(), 13);
  EXPECT_EQ(model.producer_name(), "bloodcell");
  EXPECT_EQ(model.producer_version(), version());
  EXPECT_EQ(model.graph().name(), "everything");
  ASSERT_EQ(model.metadata_props_size(), 1);
  EXPECT_EQ(model.metadata_props(0).key(), "key");
  EXPECT_EQ(model.metadata_props(0).value(), "value");
}

TEST(Onnx, NamesItsEnds) {
  const auto model = written(every_layer());
  ASSERT_EQ(model.graph().input_size(), 1);
  EXPECT_EQ(model.graph().input(0).name(), "images");
  EXPECT_THAT(sizes_of(model.graph().input(0)), ElementsAre("N", "3", "9", "7"));
  ASSERT_EQ(model.graph().output_size(), 2);
  EXPECT_EQ(model.graph().output(0).name(), "logits");
  EXPECT_EQ(model.graph().output(1).name(), "probabilities");
  for (const auto& output : model.graph().output()) {
    EXPECT_THAT(sizes_of(output), ElementsAre("N", "2"));
  }
}

TEST(Onnx, MakesEveryTensorOnceAndBeforeItsUse) {
  expect_sound_order(written(every_layer()).graph());
  for (const auto& info : architectures()) {
    const Graph graph = *info.build(test::small_input(info), 3);
    if (graph.parameter_count() < 8'000'000) expect_sound_order(written(graph).graph());
  }
}

TEST(Onnx, WritesTheLayersOfTheBaselineInOrder) {
  const auto model = written(*baseline({3, 40, 40}, 3));
  EXPECT_THAT(types_of(model.graph()),
              ElementsAre("Conv", "Relu", "MaxPool", "Conv", "Relu", "MaxPool", "Conv", "Relu",
                          "MaxPool", "Flatten", "Gemm", "Relu", "Gemm", "Flatten", "Softmax"));
}

TEST(Onnx, LeavesDropoutOut) {
  for (const auto& type : types_of(written(*compact({3, 32, 32}, 3)).graph())) {
    EXPECT_NE(type, "Dropout");
  }
}

TEST(Onnx, WritesPaddingAsPixels) {
  Builder net("pads", {3, 6, 5});
  NodeId x = net.conv2d("same", net.input(),
                        {.out_channels = 2, .kernel = 3, .stride = 2, .padding = Padding::same});
  x = net.conv2d("symmetric", x, {.out_channels = 2, .kernel = 3, .padding = Padding::symmetric});
  x = net.max_pool(x, {.size = 2, .stride = 1, .padding = Padding::valid});
  net.flatten(x);
  const auto model = written(*std::move(net).build());
  // rows before, columns before, rows after, columns after
  EXPECT_THAT(ints_of(model.graph().node(0), "pads"), ElementsAre(0, 1, 1, 1));
  EXPECT_THAT(ints_of(model.graph().node(0), "strides"), ElementsAre(2, 2));
  EXPECT_THAT(ints_of(model.graph().node(1), "pads"), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(ints_of(model.graph().node(2), "pads"), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(ints_of(model.graph().node(2), "kernel_shape"), ElementsAre(2, 2));
}

TEST(Onnx, HoldsTheWeightsUnchanged) {
  const Graph graph = *baseline({3, 40, 40}, 3);
  const auto weights = test::random_weights(graph);
  const auto model = parsed(write_onnx(graph, weights, {}));
  EXPECT_EQ(model.graph().initializer_size(), static_cast<int>(weights.size()));
  for (const auto& tensor : model.graph().initializer()) {
    const Tensor& ours = weights.at(tensor.name());
    EXPECT_THAT(ours.dims, ::testing::ElementsAreArray(tensor.dims()));
    ASSERT_EQ(tensor.raw_data().size(), ours.values.size() * sizeof(float));
    EXPECT_EQ(std::memcmp(tensor.raw_data().data(), ours.values.data(), tensor.raw_data().size()),
              0);
  }
}

TEST(Onnx, RefusesWeightsOfAnotherNetwork) {
  const Graph graph = *baseline({3, 40, 40}, 3);
  const Graph other = *baseline({3, 40, 40}, 4);
  EXPECT_ERROR(write_onnx(graph, test::random_weights(other), {}), ErrorCode::mismatch);
}

}  // namespace
}  // namespace bloodcell::graph
