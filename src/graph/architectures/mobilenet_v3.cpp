#include <span>
#include <vector>

#include "networks.hpp"

namespace bloodcell::graph {

namespace {

struct Block {
  int kernel;
  int wide;
  int channels;
  bool squeeze;
  Activation activation;
  int stride;
};

constexpr auto kRelu = Activation::relu;
constexpr auto kSwish = Activation::hard_swish;
constexpr BatchNorm kNorm{.epsilon = 1e-3, .momentum = 0.01};

std::vector<Block> blocks_of(MobileNetV3Size size) {
  if (size == MobileNetV3Size::large) {
    return {{3, 16, 16, false, kRelu, 1},   {3, 64, 24, false, kRelu, 2},
            {3, 72, 24, false, kRelu, 1},   {5, 72, 40, true, kRelu, 2},
            {5, 120, 40, true, kRelu, 1},   {5, 120, 40, true, kRelu, 1},
            {3, 240, 80, false, kSwish, 2}, {3, 200, 80, false, kSwish, 1},
            {3, 184, 80, false, kSwish, 1}, {3, 184, 80, false, kSwish, 1},
            {3, 480, 112, true, kSwish, 1}, {3, 672, 112, true, kSwish, 1},
            {5, 672, 160, true, kSwish, 2}, {5, 960, 160, true, kSwish, 1},
            {5, 960, 160, true, kSwish, 1}};
  }
  return {
      {3, 16, 16, true, kRelu, 2},   {3, 72, 24, false, kRelu, 2},  {3, 88, 24, false, kRelu, 1},
      {5, 96, 40, true, kSwish, 2},  {5, 240, 40, true, kSwish, 1}, {5, 240, 40, true, kSwish, 1},
      {5, 120, 48, true, kSwish, 1}, {5, 144, 48, true, kSwish, 1}, {5, 288, 96, true, kSwish, 2},
      {5, 576, 96, true, kSwish, 1}, {5, 576, 96, true, kSwish, 1}};
}

// The multiple of 8 nearest to a quarter, never less than nine tenths of it.
int squeezed_width(int wide) {
  const int quarter = wide / 4;
  const int rounded = std::max(8, (quarter + 4) / 8 * 8);
  return rounded * 10 < quarter * 9 ? rounded + 8 : rounded;
}

NodeId layer(Builder& net, NodeId from, const std::string& name, int channels,
             std::optional<Activation> activation, int kernel = 1, int stride = 1, int groups = 1) {
  return conv_norm(net, from,
                   {.conv = name + ".0",
                    .norm = name + ".1",
                    .channels = channels,
                    .kernel = kernel,
                    .stride = stride,
                    .groups = groups,
                    .statistics = kNorm,
                    .activation = activation});
}

NodeId inverted_residual(Builder& net, NodeId from, const std::string& name, const Block& block) {
  NodeId x = from;
  int part = 0;
  const auto next = [&] { return fmt::format("{}.block.{}", name, part++); };
  if (block.wide != net.shape_of(from).channels) {
    x = layer(net, x, next(), block.wide, block.activation);
  }
  x = layer(net, x, next(), block.wide, block.activation, block.kernel, block.stride, block.wide);
  if (block.squeeze) {
    const std::string squeeze = next();
    x = squeeze_excite(net, x,
                       {.reduce = squeeze + ".fc1",
                        .expand = squeeze + ".fc2",
                        .squeezed = squeezed_width(block.wide),
                        .gate = Activation::hard_sigmoid});
  }
  x = layer(net, x, next(), block.channels, std::nullopt);
  return net.shape_of(x) == net.shape_of(from) ? net.add(x, from) : x;
}

}  // namespace

Result<Graph> mobilenet_v3(std::string name, MobileNetV3Size size, Shape input, int classes) {
  Builder net(std::move(name), input);                                 // [ 3, 224, 224]
  NodeId x = layer(net, net.input(), "features.0", 16, kSwish, 3, 2);  // [16, 112, 112]
  const auto blocks = blocks_of(size);
  int number = 1;
  for (const Block& block : blocks) {
    x = inverted_residual(net, x, fmt::format("features.{}", number++), block);
  }  // small [96, 7, 7], large [160, 7, 7]
  x = layer(net, x, fmt::format("features.{}", number), 6 * blocks.back().channels, kSwish);
  net.end_backbone();
  x = net.global_average_pool(x);  // small [576], large [960]
  x = net.dense("classifier.0", x, size == MobileNetV3Size::small ? 1024 : 1280);
  x = net.dropout(net.activate(x, kSwish), 0.2);
  net.dense("classifier.3", x, classes);
  return std::move(net).build();
}

}  // namespace bloodcell::graph
