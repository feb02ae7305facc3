#include <bloodcell/model_file/quantised.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include <bloodcell/model_file/retouch.hpp>

#include "small_model.hpp"

namespace bloodcell::model_file {
namespace {

using ::testing::HasSubstr;

// Two convolutions, a dense layer between, and the one that makes the logits.
ModelFile file_of_layers() {
  graph::Builder net("layers", {3, 6, 6});
  auto x = net.relu(net.conv2d("one", net.input(), {.out_channels = 4, .kernel = 3}));
  x = net.relu(net.conv2d("two", x, {.out_channels = 4, .kernel = 3, .groups = 4}));
  x = net.relu(net.dense("inner", net.flatten(x), 5));
  net.dense("classes", x, 3);
  const graph::Graph graph = std::move(net).build().value();
  auto description = small_description();
  description.architecture = "layers";
  description.preprocessing.width_px = description.preprocessing.height_px = 6;
  return make(graph, test::random_weights(graph), description).value();
}

std::vector<QuantisableLayer> layers_of(const ModelFile& file) {
  return quantisable_layers(file).value();
}

std::vector<std::string> all_outputs(const ModelFile& file) {
  std::vector<std::string> outputs;
  for (const auto layers = layers_of(file); const auto& layer : layers)
    outputs.push_back(layer.output);
  return outputs;
}

std::vector<TensorRange> ranges_for(const ModelFile& file, float low = -1, float high = 3) {
  std::vector<TensorRange> ranges;
  for (const auto layers = layers_of(file); const auto& layer : layers) {
    ranges.push_back({layer.input, low, high});
  }
  return ranges;
}

Result<ModelFile> quantised(const ModelFile& file) {
  return with_int8_layers(file, all_outputs(file), ranges_for(file));
}

std::vector<float> floats_of(const onnx::GraphProto& graph, const std::string& name) {
  for (const auto& tensor : graph.initializer()) {
    if (tensor.name() != name) continue;
    std::vector<float> values(tensor.raw_data().size() / sizeof(float));
    std::memcpy(values.data(), tensor.raw_data().data(), tensor.raw_data().size());
    return values;
  }
  ADD_FAILURE() << "no tensor " << name;
  return {};
}

TEST(Quantised, NamesEveryLayerButTheOneThatMakesTheLogits) {
  const auto layers = quantisable_layers(file_of_layers());
  ASSERT_OK(layers);
  ASSERT_EQ(layers->size(), 3U);
  EXPECT_EQ((*layers)[0].output, "one.out");
  EXPECT_EQ((*layers)[0].input, "images");
  EXPECT_EQ((*layers)[1].output, "two.out");
  EXPECT_EQ((*layers)[2].output, "inner.out");
}

TEST(Quantised, WithoutItsPairsTheNetworkIsTheOneItWasMadeFromToTheByte) {
  const auto plain = file_of_layers();
  const auto file = quantised(plain);
  ASSERT_OK(file);
  EXPECT_FALSE(plain.has_int8);
  EXPECT_TRUE(file->has_int8);
  onnx::ModelProto model;
  const auto bytes = float_network(*file);
  ASSERT_OK(bytes);
  ASSERT_TRUE(model.ParseFromArray(bytes->data(), static_cast<int>(bytes->size())));
  EXPECT_EQ(bytes_of(model.graph()), bytes_of(proto_of(plain).graph()));
  EXPECT_EQ(*float_network(plain), *bytes);
  EXPECT_EQ(model.metadata_props_size(), 0);
}

TEST(Quantised, PairsAreOnnxsOwn) {
  const auto file = quantised(file_of_layers());
  ASSERT_OK(file);
  const auto graph = proto_of(*file).graph();
  int first = 0;
  int second = 0;
  for (const auto& node : graph.node()) {
    first += node.op_type() == "QuantizeLinear" ? 1 : 0;
    second += node.op_type() == "DequantizeLinear" ? 1 : 0;
    if (node.op_type() == "Conv" || (node.op_type() == "Gemm" && node.name() == "inner")) {
      EXPECT_THAT(node.input(0), HasSubstr(".dequantised"));
      EXPECT_THAT(node.input(1), HasSubstr(".dequantised"));
    }
    if (node.op_type() == "Gemm" && node.name() == "classes") {
      EXPECT_EQ(node.input(1), "classes.weight");
    }
  }
  EXPECT_EQ(first, 6);
  EXPECT_EQ(second, 6);
  // −1 … 3 in 255 steps, 0 at the 64th.
  EXPECT_FLOAT_EQ(floats_of(graph, "images.scale").at(0), 4.0F / 255);
  for (const auto& tensor : graph.initializer()) {
    if (tensor.name() != "images.zero_point") continue;
    EXPECT_EQ(tensor.data_type(), onnx::TensorProto::UINT8);
    EXPECT_EQ(static_cast<unsigned char>(tensor.raw_data().at(0)), 64);
  }
}

TEST(Quantised, AChannelsScaleIsItsLargestWeightOver127) {
  auto plain = file_of_layers();
  const auto file = quantised(plain);
  ASSERT_OK(file);
  const auto graph = proto_of(*file).graph();
  const auto weights = floats_of(graph, "one.weight");
  const auto scales = floats_of(graph, "one.weight.scale");
  ASSERT_EQ(scales.size(), 4U);
  for (std::size_t c = 0; c < 4; ++c) {
    float largest = 0;
    for (std::size_t i = 0; i < 27; ++i) {
      largest = std::max(largest, std::abs(weights[c * 27 + i]));
    }
    EXPECT_FLOAT_EQ(scales[c], largest / 127) << c;
  }
}

TEST(Quantised, OneTensorForSeveralLayersGetsOnePair) {
  graph::Builder net("fork", {3, 4, 4});
  const auto a = net.conv2d("a", net.input(), {.out_channels = 2});
  const auto b = net.conv2d("b", net.input(), {.out_channels = 2});
  net.dense("classes", net.global_average_pool(net.add(a, b)), 3);
  const graph::Graph graph = std::move(net).build().value();
  auto description = small_description();
  description.architecture = "fork";
  description.preprocessing.width_px = description.preprocessing.height_px = 4;
  const auto plain = make(graph, test::random_weights(graph), description);
  ASSERT_OK(plain);
  const auto file = with_int8_layers(*plain, {"a.out", "b.out"}, {{"images", -2, 2}});
  ASSERT_OK(file);
  const auto nodes = proto_of(*file).graph().node();
  EXPECT_EQ(std::count_if(nodes.begin(), nodes.end(),
                          [](const auto& node) { return node.op_type() == "QuantizeLinear"; }),
            3);
}

TEST(Quantised, IsMadeAnewAndKeepsWhatIsTrueOfTheFloatNetwork) {
  auto plain = file_of_layers();
  auto description = plain.description;
  description.precisions = {{"float32", 10, 9}};
  plain = with_description(plain, description).value();
  const auto all = quantised(plain);
  ASSERT_OK(all);
  EXPECT_EQ(all->description.golden.size(), plain.description.golden.size());
  EXPECT_TRUE(all->description.precisions.empty());
  EXPECT_NE(all->description.graph_sha256, plain.description.graph_sha256);
  const auto once = with_int8_layers(plain, {"two.out"}, ranges_for(plain));
  const auto anew = with_int8_layers(*all, {"two.out"}, ranges_for(plain));
  ASSERT_OK(once);
  ASSERT_OK(anew);
  EXPECT_EQ(once->onnx, anew->onnx);
  const auto none = with_int8_layers(*all, {}, {});
  ASSERT_OK(none);
  EXPECT_FALSE(none->has_int8);
  EXPECT_EQ(none->description.graph_sha256, plain.description.graph_sha256);
}

TEST(Quantised, NewNumbersEndIt) {
  const auto file = quantised(file_of_layers());
  ASSERT_OK(file);
  const auto head = dense_head(*file);
  ASSERT_OK(head);
  const auto changed = with_dense_head(*file, *head);
  ASSERT_OK(changed);
  EXPECT_FALSE(changed->has_int8);
}

TEST(Quantised, RefusesLayersAndRangesThatDoNotFit) {
  const auto file = file_of_layers();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_ERROR(with_int8_layers(file, {"classes.out"}, ranges_for(file)), ErrorCode::usage);
  EXPECT_ERROR(with_int8_layers(file, {"none"}, ranges_for(file)), ErrorCode::usage);
  EXPECT_ERROR(with_int8_layers(file, {"one.out"}, {}), ErrorCode::usage);
  for (const auto& [low, high] : {std::pair{-kInfinity, 1.0F}, std::pair{0.0F, 0.0F},
                                  std::pair{0.0F, std::nanf("")}, std::pair{0.0F, 1e-44F}}) {
    const auto refused = with_int8_layers(file, {"one.out"}, {{"images", low, high}});
    EXPECT_ERROR(refused, ErrorCode::usage);
  }
}

TEST(Quantised, RefusesAnOpsetWithoutAScaleForEachChannel) {
  const auto old = read_with_network(
      [](onnx::ModelProto& model) { model.mutable_opset_import(0)->set_version(12); });
  ASSERT_OK(old);
  const auto file = with_int8_layers(*old, {"conv.out"}, {{"images", 0, 1}});
  EXPECT_ERROR(file, ErrorCode::unsupported);
  EXPECT_THAT(file.error().message, HasSubstr("opset 12"));
}

// Forged files, signed anew.
class HostileQuantised : public testing::Test {
 protected:
  using Change = std::function<void(onnx::GraphProto&)>;

  static void expect(const Change& change, ErrorCode code, const char* what) {
    const auto sound = quantised(file_of_layers());
    ASSERT_OK(sound);
    auto model = proto_of(*sound);
    change(*model.mutable_graph());
    auto metadata = nlohmann::json::parse(model.metadata_props(0).value());
    metadata["graph_sha256"] = sha256(bytes_of(model.graph()));
    model.mutable_metadata_props(0)->set_value(metadata.dump());
    const auto file = read(bytes_of(model), Limits{});
    EXPECT_ERROR(file, code);
    EXPECT_THAT(file.error().message, HasSubstr(what));
  }

  static onnx::TensorProto& tensor(onnx::GraphProto& graph, const std::string& name) {
    for (auto& one : *graph.mutable_initializer()) {
      if (one.name() == name) return one;
    }
    ADD_FAILURE() << name;
    return *graph.mutable_initializer(0);
  }

  static onnx::NodeProto& maker(onnx::GraphProto& graph, const std::string& output) {
    for (auto& node : *graph.mutable_node()) {
      if (node.output_size() > 0 && node.output(0) == output) return node;
    }
    ADD_FAILURE() << output;
    return *graph.mutable_node(0);
  }
};

TEST_F(HostileQuantised, ScalesThatAreNone) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float scale : {0.0F, -0.5F, std::nanf(""), kInfinity, 1e-44F}) {
    for (const char* name : {"images.scale", "one.weight.scale"}) {
      expect(
          [&](auto& graph) {
            std::memcpy(tensor(graph, name).mutable_raw_data()->data(), &scale, sizeof scale);
          },
          ErrorCode::malformed, "has the scale");
    }
  }
}

TEST_F(HostileQuantised, ScalesInAWrongNumber) {
  const auto resized = [](onnx::GraphProto& graph, const std::string& weights, std::size_t count) {
    auto& scale = tensor(graph, weights + ".scale");
    const std::vector<float> values(count, 0.5F);
    scale.clear_dims();
    scale.add_dims(static_cast<std::int64_t>(count));
    scale.set_raw_data(values.data(), count * sizeof(float));
    auto& zero = tensor(graph, weights + ".zero_point");
    zero.clear_dims();
    zero.add_dims(static_cast<std::int64_t>(count));
    zero.set_raw_data(std::string(count, '\0'));
  };
  expect([&](auto& graph) { resized(graph, "one.weight", 3); }, ErrorCode::malformed,
         "3 scales for 4 places");
  expect([&](auto& graph) { resized(graph, "one.weight", 1U << 20); }, ErrorCode::malformed,
         "1048576 scales for 4 places");
  expect([&](auto& graph) { resized(graph, "images", 3); }, ErrorCode::malformed,
         "several scales for a tensor that is not fixed");
  expect([](auto& graph) { tensor(graph, "one.weight.scale").add_dims(1); }, ErrorCode::malformed,
         "not fixed float numbers in a row");
}

TEST_F(HostileQuantised, ZeroPointsOfAnotherTypeOrNumber) {
  expect(
      [](auto& graph) {
        auto& zero = tensor(graph, "images.zero_point");
        zero.set_data_type(onnx::TensorProto::INT32);
        zero.set_raw_data(std::string(4, '\1'));
      },
      ErrorCode::malformed, "zero point that is not fixed INT8 or UINT8");
  expect(
      [](auto& graph) {
        auto& zero = tensor(graph, "one.weight.zero_point");
        zero.set_dims(0, 2);
        zero.set_raw_data(std::string(2, '\0'));
      },
      ErrorCode::malformed, "2 zero points for 4 scales");
  expect([](auto& graph) { maker(graph, "images.int8").set_input(2, "images"); },
         ErrorCode::malformed, "zero point that is not fixed");
}

TEST_F(HostileQuantised, AnAxisThatIsNone) {
  for (const std::int64_t axis : {std::int64_t{4}, std::int64_t{-5}, INT64_MAX, INT64_MIN}) {
    expect(
        [&](auto& graph) {
          for (const char* name : {"one.weight.int8", "one.weight.dequantised"}) {
            maker(graph, name).mutable_attribute(0)->set_i(axis);
          }
        },
        ErrorCode::malformed, "of 4 dimensions");
  }
}

TEST_F(HostileQuantised, HalvesOfPairs) {
  expect([](auto& graph) { maker(graph, "one.out").set_input(0, "images.int8"); },
         ErrorCode::unsupported, "takes the whole numbers of images.int8");
  expect(
      [](auto& graph) {
        maker(graph, "one.out").set_input(0, "images");
        maker(graph, "images.dequantised").set_input(0, "one.weight.int8");
      },
      ErrorCode::malformed, "another scale, zero point or axis");
  expect(
      [](auto& graph) {
        auto& nodes = *graph.mutable_node();
        const auto at = std::find_if(nodes.begin(), nodes.end(), [](const auto& node) {
          return node.output(0) == "images.dequantised";
        });
        nodes.erase(at);
        maker(graph, "one.out").set_input(0, "images");
      },
      ErrorCode::malformed, "has no DequantizeLinear");
  expect([](auto& graph) { maker(graph, "images.dequantised").set_input(0, "images"); },
         ErrorCode::malformed, "takes neither");
  expect([](auto& graph) { maker(graph, "images.int8").clear_input(); }, ErrorCode::malformed,
         "does not take a tensor, a scale");
  expect(
      [](auto& graph) {
        auto* output = graph.add_output();
        *output = graph.output(0);
        output->set_name("images.dequantised");
      },
      ErrorCode::malformed, "makes an output");
}

// A pair that takes its own end: its float form would have no beginning.
TEST_F(HostileQuantised, APairInACircleGivesNoEndlessLoop) {
  auto model = proto_of(quantised(file_of_layers()).value());
  maker(*model.mutable_graph(), "images.int8").set_input(0, "images.dequantised");
  auto metadata = nlohmann::json::parse(model.metadata_props(0).value());
  metadata["graph_sha256"] = sha256(bytes_of(model.graph()));
  model.mutable_metadata_props(0)->set_value(metadata.dump());
  const auto file = read(bytes_of(model), Limits{});
  if (file) {
    EXPECT_OK(float_network(*file));
  }
}

}  // namespace
}  // namespace bloodcell::model_file
