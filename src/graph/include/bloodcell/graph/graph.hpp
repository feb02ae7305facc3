// An architecture as data: a list of layers, each named, in the order they run. The trainer makes
// it live, the exporter writes it as ONNX; shapes, parameters and FLOPs come from it. Feature
// shapes leave out the batch: [C, H, W] for maps, [C, 1, 1] for vectors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <bloodcell/base/result.hpp>

namespace bloodcell::graph {

struct Shape {
  std::int64_t channels = 0;
  std::int64_t height = 1;
  std::int64_t width = 1;
  [[nodiscard]] std::int64_t values() const { return channels * height * width; }
  friend bool operator==(const Shape&, const Shape&) = default;
};

enum class Padding {
  valid,      // none
  same,       // TensorFlow's: output = ceil(input / stride), the odd pixel after
  symmetric,  // (kernel − 1) / 2 on each side, PyTorch's usual
};

struct Input {};
struct Conv2d {
  int out_channels = 0;
  int kernel = 1;
  int stride = 1;
  Padding padding = Padding::valid;
  int groups = 1;  // = in_channels: depthwise
  bool bias = true;
};
struct BatchNorm {
  double epsilon = 1e-5;
  double momentum = 0.1;  // weight of the new batch in the running statistics (PyTorch's sense)
};
struct GroupNorm {
  int groups = 8;
  double epsilon = 1e-5;
};
struct Relu {};
struct MaxPool2d {
  int size = 2;
  int stride = 2;
  Padding padding = Padding::valid;
};
struct GlobalAveragePool {};  // [C, H, W] -> [C, 1, 1]
struct Flatten {};            // [C, H, W] -> [C*H*W, 1, 1], channel slowest
struct Dense {
  int units = 0;
};
struct Dropout {
  double rate = 0.5;  // only while training; kept values are scaled by 1 / (1 − rate)
};
struct Add {};  // of two equal shapes

using Operation = std::variant<Input, Conv2d, BatchNorm, GroupNorm, Relu, MaxPool2d,
                               GlobalAveragePool, Flatten, Dense, Dropout, Add>;

using NodeId = std::size_t;  // position in Graph::nodes

struct Node {
  std::string name;  // unique; parameters are `<name>.<role>`
  Operation operation;
  std::vector<NodeId> inputs;  // all smaller than this node's own id
  Shape shape;                 // of its output
};

// A tensor the graph needs. Roles and layouts are PyTorch's: conv weight OIHW, dense weight [out,
// in], norms weight, bias, running_mean, running_var.
struct ParameterSpec {
  std::string name;  // `conv1.weight`
  std::vector<std::int64_t> dims;
  bool trainable = true;  // running statistics are not
  [[nodiscard]] std::int64_t values() const;
};

struct Graph {
  std::string architecture;  // `baseline`
  std::vector<Node> nodes;  // the last one is the output: logits [classes, 1, 1], or maps [C, H, W]

  [[nodiscard]] const Shape& input_shape() const { return nodes.front().shape; }
  [[nodiscard]] const Shape& output_shape() const { return nodes.back().shape; }
  [[nodiscard]] std::int64_t classes() const { return nodes.back().shape.channels; }
  [[nodiscard]] std::vector<ParameterSpec> parameters() const;
  [[nodiscard]] std::int64_t parameter_count() const;  // trainable and not
  // Multiply–adds of convolutions and dense layers, counted as two operations, for one image.
  [[nodiscard]] std::int64_t flops() const;
};

// The pixels added before and after along one side of `length` for a window of `kernel`.
struct PaddingPixels {
  std::int64_t before = 0;
  std::int64_t after = 0;
};
[[nodiscard]] PaddingPixels padding_pixels(Padding padding, std::int64_t length, int kernel,
                                           int stride);

}  // namespace bloodcell::graph
