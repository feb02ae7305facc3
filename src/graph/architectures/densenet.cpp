#include <array>

#include "networks.hpp"

namespace bloodcell::graph {

namespace {

constexpr int kGrowth = 32;
constexpr int kBottleneck = 4 * kGrowth;
constexpr std::array kLayers{6, 12, 24, 16};  // of the four blocks

NodeId conv(Builder& net, const std::string& name, NodeId from, int channels, int kernel,
            int stride = 1) {
  return net.conv2d(name, from,
                    {.out_channels = channels,
                     .kernel = kernel,
                     .stride = stride,
                     .padding = Padding::symmetric,
                     .bias = false});
}

}  // namespace

Result<Graph> densenet121(std::string name, Home home, Shape input, int classes) {
  const BatchNorm norm =
      home == Home::keras ? BatchNorm{.epsilon = 1.001e-5, .momentum = 0.01} : BatchNorm{};
  Builder net(std::move(name), input);  // [3, 224, 224]
  const auto norm_relu = [&](const std::string& layer, NodeId from) {
    return net.relu(net.batch_norm(layer, from, norm));
  };
  NodeId x = conv(net, "features.conv0", net.input(), 64, 7, 2);  // [64, 112, 112]
  x = net.max_pool(norm_relu("features.norm0", x),
                   {.size = 3, .stride = 2, .padding = Padding::symmetric});  // [64, 56, 56]
  for (std::size_t block = 0; block < kLayers.size(); ++block) {
    for (int i = 1; i <= kLayers[block]; ++i) {
      const std::string layer = fmt::format("features.denseblock{}.denselayer{}.", block + 1, i);
      NodeId grown = conv(net, layer + "conv1", norm_relu(layer + "norm1", x), kBottleneck, 1);
      grown = conv(net, layer + "conv2", norm_relu(layer + "norm2", grown), kGrowth, 3);
      x = net.concat({x, grown});
    }
    if (block + 1 == kLayers.size()) break;
    const std::string layer = fmt::format("features.transition{}.", block + 1);
    const int half = static_cast<int>(net.shape_of(x).channels / 2);
    x = net.average_pool(conv(net, layer + "conv", norm_relu(layer + "norm", x), half, 1));
  }  // [128, 28, 28], [256, 14, 14], [512, 7, 7], [1024, 7, 7]
  x = norm_relu("features.norm5", x);
  net.end_backbone();
  classify_by_means(net, x, "classifier", classes, 0);
  return std::move(net).build();
}

}  // namespace bloodcell::graph
