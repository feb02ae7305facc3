#include <bloodcell/model_file/half_kernels.hpp>

#include <algorithm>

#include <bloodcell/model_file/quantised.hpp>
#include <bloodcell/model_file/retouch.hpp>

#include "small_model.hpp"

namespace bloodcell::model_file {
namespace {

// Kernels of 1,152 and 2,304 values, a small one, and the one that makes the logits.
graph::Graph wide_graph() {
  graph::Builder net("wide", {3, 8, 8});
  auto x = net.relu(net.conv2d("one", net.input(), {.out_channels = 16, .kernel = 3}));
  x = net.batch_norm("norm", net.conv2d("two", x, {.out_channels = 16, .kernel = 3}));
  x = net.relu(net.dense("inner", net.flatten(x), 9));
  net.dense("classes", x, 3);
  return std::move(net).build().value();
}

ModelFile wide_file() {
  const auto graph = wide_graph();
  auto description = small_description();
  description.architecture = "wide";
  description.preprocessing.width_px = description.preprocessing.height_px = 8;
  return make(graph, with_rounded_kernels(test::random_weights(graph)), description).value();
}

std::size_t count_of(const ModelFile& file, onnx::TensorProto::DataType type) {
  const auto model = proto_of(file);
  return static_cast<std::size_t>(
      std::count_if(model.graph().initializer().begin(), model.graph().initializer().end(),
                    [&](const auto& tensor) { return tensor.data_type() == type; }));
}

// Tensors may stand in another order.
std::vector<std::string> tensors_of(const Bytes& bytes) {
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  std::vector<std::string> tensors;
  for (const auto& tensor : model.graph().initializer())
    tensors.push_back(tensor.SerializeAsString());
  std::sort(tensors.begin(), tensors.end());
  return tensors;
}

std::vector<TensorRange> ranges_of(const ModelFile& file) {
  std::vector<TensorRange> ranges;
  for (const auto layers = quantisable_layers(file).value(); const auto& layer : layers) {
    ranges.push_back({layer.input, -1, 3});
  }
  return ranges;
}

ModelFile in_int8(const ModelFile& file) {
  std::vector<std::string> outputs;
  for (const auto layers = quantisable_layers(file).value(); const auto& layer : layers) {
    outputs.push_back(layer.output);
  }
  return with_int8_layers(file, outputs, ranges_of(file)).value();
}

TEST(HalfKernels, AreStoredInHalfTheBytesAndReadAsTheyWere) {
  const auto plain = wide_file();
  const auto halved = with_half_kernels(plain);
  ASSERT_OK(halved);
  EXPECT_FALSE(plain.has_halves);
  EXPECT_TRUE(halved->has_halves);
  EXPECT_EQ(count_of(*halved, onnx::TensorProto::FLOAT16), 2U);  // two, inner
  EXPECT_LT(halved->onnx.size(), plain.onnx.size() - 2 * (2304 + 1024));
  EXPECT_EQ(tensors_of(*float_network(*halved)), tensors_of(plain.onnx));
  EXPECT_EQ(halved->description.golden.size(), plain.description.golden.size());
}

TEST(HalfKernels, WhatFloat16DoesNotHoldStays) {
  const auto graph = wide_graph();
  auto description = wide_file().description;
  const auto halved =
      with_half_kernels(make(graph, test::random_weights(graph), description).value());
  ASSERT_OK(halved);
  EXPECT_FALSE(halved->has_halves);
}

TEST(HalfKernels, TwiceIsOnce) {
  const auto once = with_half_kernels(wide_file());
  ASSERT_OK(once);
  const auto twice = with_half_kernels(*once);
  ASSERT_OK(twice);
  EXPECT_EQ(once->onnx, twice->onnx);
}

TEST(HalfKernels, StayBesideInt8) {
  const auto plain = wide_file();
  const auto halved = with_half_kernels(plain);
  ASSERT_OK(halved);
  const auto both = in_int8(*halved);
  EXPECT_TRUE(both.has_int8);
  EXPECT_TRUE(both.has_halves);
  EXPECT_EQ(tensors_of(*float_network(both)), tensors_of(plain.onnx));
  EXPECT_EQ(tensors_of(*int8_network(both)), tensors_of(*int8_network(in_int8(plain))));
  // In the other order, too.
  const auto later = with_half_kernels(in_int8(plain));
  ASSERT_OK(later);
  EXPECT_EQ(tensors_of(later->onnx), tensors_of(both.onnx));
}

TEST(HalfKernels, AnotherHeadAndOtherStatisticsLeaveThem) {
  const auto halved = with_half_kernels(wide_file());
  ASSERT_OK(halved);
  auto head = dense_head(*halved);
  ASSERT_OK(head);
  head->weights[0] = 0.1F;
  const auto changed = with_dense_head(*halved, *head);
  ASSERT_OK(changed);
  EXPECT_TRUE(changed->has_halves);
  EXPECT_EQ(dense_head(*changed)->weights[0], 0.1F);
  auto statistics = norm_statistics(*halved);
  ASSERT_OK(statistics);
  ASSERT_EQ(statistics->size(), 1U);
  statistics->front().mean[0] = 0.25F;
  const auto moved = with_norm_statistics(*halved, *statistics);
  ASSERT_OK(moved);
  EXPECT_TRUE(moved->has_halves);
  EXPECT_EQ(norm_statistics(*moved)->front().mean[0], 0.25F);
}

}  // namespace
}  // namespace bloodcell::model_file
