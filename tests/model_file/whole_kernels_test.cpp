#include "whole_kernels.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

#include <bloodcell/test/support.hpp>

namespace bloodcell::model_file {
namespace {

using onnx::TensorProto;

template <class Number>
void add_tensor(onnx::GraphProto& graph, const std::string& name, TensorProto::DataType type,
                const std::vector<std::int64_t>& dims, const std::vector<Number>& values) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (const auto dim : dims) tensor.add_dims(dim);
  tensor.set_raw_data(values.data(), values.size() * sizeof(Number));
}

void add_node(onnx::GraphProto& graph, const std::string& type,
              const std::vector<std::string>& inputs, const std::string& output, int axis) {
  auto& node = *graph.add_node();
  node.set_op_type(type);
  for (const auto& input : inputs) node.add_input(input);
  node.add_output(output);
  auto& attribute = *node.add_attribute();
  attribute.set_name("axis");
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(axis);
}

// A kernel of 2 × 3 with its pair, an input with one, and who takes both.
template <class Zero>
onnx::GraphProto graph_of(const std::vector<float>& kernel, const std::vector<float>& scales,
                          const std::vector<Zero>& zeros, int axis) {
  const auto type = std::is_signed_v<Zero> ? TensorProto::INT8 : TensorProto::UINT8;
  const std::vector<std::int64_t> places =
      scales.size() == 1 ? std::vector<std::int64_t>{}
                         : std::vector<std::int64_t>{static_cast<std::int64_t>(scales.size())};
  onnx::GraphProto graph;
  add_tensor(graph, "kernel", TensorProto::FLOAT, {2, 3}, kernel);
  add_tensor(graph, "scale", TensorProto::FLOAT, places, scales);
  add_tensor(graph, "zero", type, places, zeros);
  add_tensor<float>(graph, "input.scale", TensorProto::FLOAT, {}, {0.5F});
  add_tensor<std::uint8_t>(graph, "input.zero", TensorProto::UINT8, {}, {0});
  add_node(graph, "QuantizeLinear", {"input", "input.scale", "input.zero"}, "input.int8", 1);
  add_node(graph, "DequantizeLinear", {"input.int8", "input.scale", "input.zero"}, "input.after",
           1);
  add_node(graph, "QuantizeLinear", {"kernel", "scale", "zero"}, "kernel.int8", axis);
  add_node(graph, "DequantizeLinear", {"kernel.int8", "scale", "zero"}, "kernel.after", axis);
  add_node(graph, "MatMul", {"input.after", "kernel.after"}, "logits", 0);
  graph.add_output()->set_name("logits");
  return graph;
}

const TensorProto* tensor_of(const onnx::GraphProto& graph, const std::string& name) {
  for (const auto& tensor : graph.initializer()) {
    if (tensor.name() == name) return &tensor;
  }
  return nullptr;
}

template <class Number>
std::vector<int> numbers_in(const TensorProto& tensor) {
  std::vector<int> numbers;
  for (const char raw : tensor.raw_data()) numbers.push_back(static_cast<Number>(raw));
  return numbers;
}

TEST(WholeKernels, AreNearestTiesToEvenAndSaturated) {
  auto graph = graph_of<std::int8_t>({0.5F, 1.5F, -2.5F, 126.6F, 1000, -1000}, {1}, {0}, 1);
  fix_whole_kernels(graph);
  const auto* whole = tensor_of(graph, "kernel.int8");
  ASSERT_NE(whole, nullptr);
  EXPECT_EQ(whole->data_type(), TensorProto::INT8);
  EXPECT_EQ(whole->dims_size(), 2);
  EXPECT_EQ(numbers_in<std::int8_t>(*whole), (std::vector<int>{0, 2, -2, 127, 127, -128}));
}

TEST(WholeKernels, HaveAScaleAndAZeroPointForEachPlaceOfTheAxis) {
  const std::vector<float> kernel{1, 2, 3, -1, -2, -300};
  auto rows = graph_of<std::uint8_t>(kernel, {0.5F, 2}, {10, 200}, -2);
  fix_whole_kernels(rows);
  EXPECT_EQ(numbers_in<std::uint8_t>(*tensor_of(rows, "kernel.int8")),
            (std::vector<int>{12, 14, 16, 200, 199, 50}));  // −0.5 is a tie
  auto columns = graph_of<std::uint8_t>(kernel, {0.5F, 1, 2}, {10, 20, 30}, 1);
  fix_whole_kernels(columns);
  EXPECT_EQ(numbers_in<std::uint8_t>(*tensor_of(columns, "kernel.int8")),
            (std::vector<int>{12, 22, 32, 8, 18, 0}));
}

TEST(WholeKernels, LoseTheirFloatsAndZeroPointsOfNothingAlone) {
  auto graph = graph_of<std::int8_t>({1, 2, 3, 4, 5, 6}, {1, 1, 1}, {0, 0, 0}, 1);
  fix_whole_kernels(graph);
  ASSERT_EQ(graph.node_size(), 4);
  EXPECT_EQ(graph.node(0).op_type(), "QuantizeLinear");  // the input's pair stays as it is
  EXPECT_EQ(graph.node(1).input_size(), 3);
  EXPECT_EQ(graph.node(2).op_type(), "DequantizeLinear");
  EXPECT_EQ(graph.node(2).input_size(), 2);
  EXPECT_EQ(tensor_of(graph, "kernel"), nullptr);
  EXPECT_EQ(tensor_of(graph, "zero"), nullptr);
  EXPECT_NE(tensor_of(graph, "input.zero"), nullptr);

  auto about_one = graph_of<std::int8_t>({1, 2, 3, 4, 5, 6}, {1, 1, 1}, {0, 1, 0}, 1);
  fix_whole_kernels(about_one);
  EXPECT_EQ(about_one.node(2).input_size(), 3);
  EXPECT_NE(tensor_of(about_one, "zero"), nullptr);
}

TEST(WholeKernels, AKernelThatSomebodyElseTakesStaysForThem) {
  auto graph = graph_of<std::int8_t>({1, 2, 3, 4, 5, 6}, {1}, {0}, 1);
  add_node(graph, "Identity", {"kernel"}, "other", 0);
  fix_whole_kernels(graph);
  EXPECT_NE(tensor_of(graph, "kernel"), nullptr);
}

TEST(WholeKernels, OfWhatIsNoNumberAreTheLeast) {
  const float none = std::numeric_limits<float>::quiet_NaN();
  const float infinite = std::numeric_limits<float>::infinity();
  auto graph = graph_of<std::int8_t>({none, infinite, -infinite, 1, 1, 1}, {0.5F}, {0}, 1);
  fix_whole_kernels(graph);
  EXPECT_EQ(numbers_in<std::int8_t>(*tensor_of(graph, "kernel.int8")),
            (std::vector<int>{-128, 127, -128, 2, 2, 2}));
}

}  // namespace
}  // namespace bloodcell::model_file
