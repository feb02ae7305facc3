#include <array>

#include "networks.hpp"

namespace bloodcell::graph {

namespace {

struct Stage {
  int expansion;
  int channels;
  int blocks;
  int stride;
};
constexpr std::array<Stage, 7> kStages{{{1, 16, 1, 1},
                                        {6, 24, 2, 2},
                                        {6, 32, 3, 2},
                                        {6, 64, 4, 2},
                                        {6, 96, 3, 1},
                                        {6, 160, 3, 2},
                                        {6, 320, 1, 1}}};

}  // namespace

Result<Graph> mobilenet_v2(std::string name, Home home, Shape input, int classes) {
  Builder net(std::move(name), input);  // [3, 224, 224]
  const ConvNorm base{.conv = {},
                      .norm = {},
                      .padding = padding_of(home),
                      .statistics = home == Home::keras
                                        ? BatchNorm{.epsilon = 1e-3, .momentum = 0.001}
                                        : BatchNorm{},
                      .activation = Activation::relu6};
  const auto layer = [&](NodeId from, const std::string& conv, const std::string& norm,
                         int channels, int kernel = 1, int stride = 1, bool depthwise = false,
                         std::optional<Activation> activation = Activation::relu6) {
    ConvNorm l = base;
    l.conv = conv;
    l.norm = norm;
    l.channels = channels;
    l.kernel = kernel;
    l.stride = stride;
    l.groups = depthwise ? channels : 1;
    l.activation = activation;
    return conv_norm(net, from, l);
  };

  NodeId x = layer(net.input(), "features.0.0", "features.0.1", 32, 3, 2);  // [32, 112, 112]
  int block = 1;
  for (const Stage& stage : kStages) {
    for (int i = 0; i < stage.blocks; ++i, ++block) {
      // Inverted residual: 1×1 to more channels, depthwise 3×3, 1×1 to few, linear.
      const std::string conv = fmt::format("features.{}.conv.", block);
      const NodeId from = x;
      const int before = static_cast<int>(net.shape_of(x).channels);
      const int wide = before * stage.expansion;
      int part = 0;
      if (stage.expansion != 1) x = layer(x, conv + "0.0", conv + "0.1", wide), part = 1;
      x = layer(x, fmt::format("{}{}.0", conv, part), fmt::format("{}{}.1", conv, part), wide, 3,
                i == 0 ? stage.stride : 1, true);
      x = layer(x, fmt::format("{}{}", conv, part + 1), fmt::format("{}{}", conv, part + 2),
                stage.channels, 1, 1, false, std::nullopt);
      if (net.shape_of(x) == net.shape_of(from)) x = net.add(from, x);
    }
  }  // [16, 112, 112], [24, 56, 56], [32, 28, 28], [64, 14, 14], [96, 14, 14], [160, 7, 7], [320,
     // 7, 7]
  x = layer(x, "features.18.0", "features.18.1", 1280);  // [1280, 7, 7]
  net.end_backbone();
  classify_by_means(net, x, "classifier.1", classes, home == Home::torchvision ? 0.2 : 0);
  return std::move(net).build();
}

}  // namespace bloodcell::graph
