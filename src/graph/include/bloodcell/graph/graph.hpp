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
  ceil,       // PyTorch's ceil_mode: after only, so that a window which begins inside is kept
};

// Of a window. One number stands for both.
struct Sides {
  int height = 1;
  int width = 1;
  // NOLINTNEXTLINE(google-explicit-constructor): `.kernel = 3` is a square of 3
  constexpr Sides(int side) : height(side), width(side) {}
  constexpr Sides(int height_, int width_) : height(height_), width(width_) {}
};

// Rows and columns at the four edges of a map; none is negative.
struct Border {
  int top = 0;
  int bottom = 0;
  int left = 0;
  int right = 0;
};

enum class Activation {
  relu,          // max(x, 0)
  relu6,         // min(max(x, 0), 6)
  sigmoid,       // 1 / (1 + e⁻ˣ)
  hard_sigmoid,  // relu6(x + 3) / 6 (Howard et al. 2019)
  silu,          // x · sigmoid(x), also called swish (Elfwing et al. 2018)
  hard_swish,    // x · hard_sigmoid(x)
};

struct Input {};
struct Conv2d {
  int out_channels = 0;
  Sides kernel = 1;
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
struct Activate {
  Activation kind = Activation::relu;
};
struct MaxPool2d {
  int size = 2;
  int stride = 2;
  Padding padding = Padding::valid;
};
struct AveragePool2d {
  int size = 2;
  int stride = 2;
  Padding padding = Padding::valid;
  bool count_padding = false;  // as zeros (PyTorch's count_include_pad), else left out of the mean
};
struct GlobalAveragePool {};  // [C, H, W] -> [C, 1, 1]
struct Flatten {};            // [C, H, W] -> [C*H*W, 1, 1], channel slowest
struct Dense {
  int units = 0;
  double l2 = 0;  // only while training: l2 · Σ weight² joins the loss
};
struct Dropout {
  double rate = 0.5;  // only while training; kept values are scaled by 1 / (1 − rate)
};
struct Add {};       // of two equal shapes
struct Multiply {};  // of two equal shapes, or of maps with one value a channel [C, 1, 1]
struct Concat {};    // of maps of one height and width, along channels
struct ZeroPad {
  Border border;
};
struct Crop {
  Border border;
};

using Operation =
    std::variant<Input, Conv2d, BatchNorm, GroupNorm, Activate, MaxPool2d, AveragePool2d,
                 GlobalAveragePool, Flatten, Dense, Dropout, Add, Multiply, Concat, ZeroPad, Crop>;

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
  NodeId features = 0;      // the last node of the backbone; what follows uses no earlier one

  [[nodiscard]] const Shape& input_shape() const { return nodes.front().shape; }
  [[nodiscard]] const Shape& output_shape() const { return nodes.back().shape; }
  [[nodiscard]] std::int64_t classes() const { return nodes.back().shape.channels; }
  [[nodiscard]] std::vector<ParameterSpec> parameters() const;
  [[nodiscard]] std::int64_t parameter_count() const;  // trainable and not
  [[nodiscard]] std::int64_t trainable_count() const;
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
