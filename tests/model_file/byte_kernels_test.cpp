#include <bloodcell/model_file/byte_kernels.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

#include <bloodcell/model_file/half_kernels.hpp>
#include <bloodcell/model_file/quantised.hpp>

#include "small_model.hpp"

namespace bloodcell::model_file {
namespace {

// Kernels of 432, 2,304 and 5,184 values, and the one that makes the logits.
ModelFile wide_file() {
  graph::Builder net("wide", {3, 8, 8});
  auto x = net.relu(net.conv2d("one", net.input(), {.out_channels = 16, .kernel = 3}));
  x = net.relu(net.conv2d("two", x, {.out_channels = 16, .kernel = 3}));
  x = net.relu(net.dense("inner", net.flatten(x), 324));
  net.dense("classes", x, 3);
  const auto graph = std::move(net).build().value();
  auto description = small_description();
  description.architecture = "wide";
  description.preprocessing.width_px = description.preprocessing.height_px = 8;
  description.precisions = {{"float32", 10, 9}};
  return make(graph, test::random_weights(graph), description).value();
}

const onnx::TensorProto* tensor_of(const onnx::ModelProto& model, const std::string& name) {
  for (const auto& tensor : model.graph().initializer()) {
    if (tensor.name() == name) return &tensor;
  }
  return nullptr;
}

template <class T>
std::vector<T> values_of(const onnx::TensorProto& tensor) {
  std::vector<T> values(tensor.raw_data().size() / sizeof(T));
  std::memcpy(values.data(), tensor.raw_data().data(), tensor.raw_data().size());
  return values;
}

TEST(ByteKernels, AreWithinHalfAStepOfWhatTheyWere) {
  const auto plain = proto_of(wide_file());
  const auto stored = with_byte_kernels(wide_file());
  ASSERT_OK(stored);
  const auto model = proto_of(*stored);
  for (const std::string kernel : {"two.weight", "inner.weight"}) {
    ASSERT_EQ(tensor_of(model, kernel), nullptr);
    const auto steps = values_of<std::int8_t>(*tensor_of(model, kernel + ".byte"));
    const auto scales = values_of<float>(*tensor_of(model, kernel + ".scale"));
    const auto values = values_of<float>(*tensor_of(plain, kernel));
    ASSERT_EQ(steps.size(), values.size());
    const std::size_t of_channel = values.size() / scales.size();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float scale = scales[i / of_channel];
      ASSERT_NEAR(scale * static_cast<float>(steps[i]), values[i], 0.501F * scale) << kernel;
    }
    // The largest of a channel is the last step.
    EXPECT_EQ(std::abs(*std::max_element(steps.begin(), steps.begin() + of_channel,
                                         [](auto a, auto b) { return std::abs(a) < std::abs(b); })),
              127);
  }
  EXPECT_EQ(tensor_of(model, "one.weight")->data_type(), onnx::TensorProto::FLOAT);
  EXPECT_EQ(tensor_of(model, "classes.weight")->data_type(), onnx::TensorProto::FLOAT);
}

TEST(ByteKernels, TakeAQuarterOfTheBytesAndDropWhatWasMeasured) {
  const auto plain = wide_file();
  const auto stored = with_byte_kernels(plain);
  ASSERT_OK(stored);
  EXPECT_LT(stored->onnx.size(), plain.onnx.size() / 3);
  EXPECT_TRUE(stored->description.golden.empty());
  EXPECT_TRUE(stored->description.precisions.empty());
  EXPECT_EQ(stored->description.labels, plain.description.labels);
  EXPECT_FALSE(stored->has_int8);  // nothing is calculated in whole numbers
  EXPECT_OK(read(stored->onnx, Limits{}));
}

TEST(ByteKernels, ComeFromHalfKernelsToo) {
  const auto halved = with_half_kernels(wide_file());
  ASSERT_OK(halved);
  const auto stored = with_byte_kernels(*halved);
  ASSERT_OK(stored);
  EXPECT_FALSE(stored->has_halves);
}

// Its kernels are whole numbers already: layers in int8 need pairs for what comes to them alone.
TEST(ByteKernels, TakeLayersInInt8AsTheyAre) {
  const auto stored = with_byte_kernels(wide_file()).value();
  const auto layers = quantisable_layers(stored);
  ASSERT_OK(layers);
  std::vector<std::string> outputs;
  std::vector<TensorRange> ranges;
  for (const auto& layer : *layers) {
    outputs.push_back(layer.output);
    ranges.push_back({layer.input, -4, 4});
  }
  ASSERT_EQ(outputs.size(), 3U);
  const auto both = with_int8_layers(stored, outputs, ranges);
  ASSERT_OK(both);
  EXPECT_TRUE(both->has_int8);
  EXPECT_LT(both->onnx.size(), stored.onnx.size() + 4000);
  const auto model = proto_of(*both);
  for (const std::string kernel : {"two.weight", "inner.weight"}) {
    EXPECT_EQ(tensor_of(model, kernel + ".byte")->raw_data(),
              tensor_of(proto_of(stored), kernel + ".byte")->raw_data());
  }
  EXPECT_OK(read(both->onnx, Limits{}));
  EXPECT_EQ(float_network(*both).value(), float_network(stored).value());
}

TEST(ByteKernels, ANetworkWithoutLargeKernelsIsRefused) {
  EXPECT_ERROR(with_byte_kernels(small_model()), ErrorCode::unsupported);
  const auto stored = with_byte_kernels(wide_file());
  ASSERT_OK(stored);
  EXPECT_ERROR(with_byte_kernels(*stored), ErrorCode::unsupported);
}

}  // namespace
}  // namespace bloodcell::model_file
