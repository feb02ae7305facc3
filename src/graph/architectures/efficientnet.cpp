#include <array>

#include "networks.hpp"

namespace bloodcell::graph {

namespace {

struct Stage {
  int expansion;
  int kernel;
  int stride;
  int channels;
  int blocks;
};
constexpr std::array<Stage, 7> kStages{{{1, 3, 1, 16, 1},
                                        {6, 3, 2, 24, 2},
                                        {6, 5, 2, 40, 2},
                                        {6, 3, 2, 80, 3},
                                        {6, 5, 1, 112, 3},
                                        {6, 5, 2, 192, 4},
                                        {6, 3, 1, 320, 1}}};

constexpr BatchNorm kKerasNorm{.epsilon = 1e-3, .momentum = 0.01};

}  // namespace

Result<Graph> efficientnet_b0(std::string name, Home home, Shape input, int classes) {
  Builder net(std::move(name), input);  // [3, 224, 224]
  const auto layer = [&](NodeId from, const std::string& layer_name, int channels, int kernel = 1,
                         int stride = 1, int groups = 1,
                         std::optional<Activation> activation = Activation::silu) {
    return conv_norm(net, from,
                     {.conv = layer_name + ".0",
                      .norm = layer_name + ".1",
                      .channels = channels,
                      .kernel = kernel,
                      .stride = stride,
                      .padding = padding_of(home),
                      .groups = groups,
                      .statistics = home == Home::keras ? kKerasNorm : BatchNorm{},
                      .activation = activation});
  };
  NodeId x = layer(net.input(), "features.0", 32, 3, 2);  // [32, 112, 112]
  for (std::size_t s = 0; s < kStages.size(); ++s) {
    const Stage& stage = kStages[s];
    for (int i = 0; i < stage.blocks; ++i) {
      const NodeId from = x;
      const int before = static_cast<int>(net.shape_of(x).channels);
      const int wide = before * stage.expansion;
      int part = 0;
      const auto next = [&] { return fmt::format("features.{}.{}.block.{}", s + 1, i, part++); };
      if (stage.expansion != 1) x = layer(x, next(), wide);
      x = layer(x, next(), wide, stage.kernel, i == 0 ? stage.stride : 1, wide);
      const std::string squeeze = next();
      x = squeeze_excite(net, x,
                         {.reduce = squeeze + ".fc1",
                          .expand = squeeze + ".fc2",
                          .squeezed = before / 4,
                          .activation = Activation::silu});
      x = layer(x, next(), stage.channels, 1, 1, 1, std::nullopt);
      if (net.shape_of(x) == net.shape_of(from)) x = net.add(x, from);
    }
  }  // [16, 112, 112], [24, 56, 56], [40, 28, 28], [80, 14, 14], [112, 14, 14], [192, 7, 7], [320,
     // 7, 7]
  x = layer(x, "features.8", 1280);  // [1280, 7, 7]
  net.end_backbone();
  classify_by_means(net, x, "classifier.1", classes, 0.2);
  return std::move(net).build();
}

Result<Graph> efficientnet_lite(std::string name, LiteSize size, Norm norm, Shape input,
                                int classes) {
  Builder net(std::move(name), input);  // [3, 224, 224], Lite1 [3, 240, 240]
  const auto layer = [&](NodeId from, const std::string& conv, const std::string& norm_name,
                         int channels, int kernel = 1, int stride = 1, int groups = 1,
                         std::optional<Activation> activation = Activation::relu6,
                         bool is_instance = false) {
    return conv_norm(net, from,
                     {.conv = conv,
                      .norm = norm_name,
                      .channels = channels,
                      .kernel = kernel,
                      .stride = stride,
                      .padding = Padding::same,
                      .groups = groups,
                      .statistics = kKerasNorm,
                      .is_instance = is_instance,
                      .activation = activation});
  };
  constexpr std::size_t kEarlyStages = 3;
  const bool has_instance = norm == Norm::early_instance;
  NodeId x = layer(net.input(), "_conv_stem", "_bn0", 32, 3, 2, 1, Activation::relu6,
                   has_instance);  // [32, 112, 112]
  int block = 0;
  for (std::size_t s = 0; s < kStages.size(); ++s) {
    const Stage& stage = kStages[s];
    // Lite1 is a tenth deeper, rounded up; the first and the last stage stay.
    const bool deeper = size == LiteSize::lite1 && s > 0 && s + 1 < kStages.size();
    const int blocks = deeper ? stage.blocks + 1 : stage.blocks;
    for (int i = 0; i < blocks; ++i) {
      const std::string n = fmt::format("_blocks.{}.", block++);
      const NodeId from = x;
      const int wide = static_cast<int>(net.shape_of(x).channels) * stage.expansion;
      if (stage.expansion != 1) x = layer(x, n + "_expand_conv", n + "_bn0", wide);
      x = layer(x, n + "_depthwise_conv", n + "_bn1", wide, stage.kernel, i == 0 ? stage.stride : 1,
                wide);
      x = layer(x, n + "_project_conv", n + "_bn2", stage.channels, 1, 1, 1, std::nullopt,
                has_instance && s < kEarlyStages && i == 0);
      if (net.shape_of(x) == net.shape_of(from)) x = net.add(x, from);
    }
  }
  x = layer(x, "_conv_head", "_bn1", 1280);  // [1280, 7, 7]
  net.end_backbone();
  classify_by_means(net, x, "_fc", classes, 0.2);
  return std::move(net).build();
}

}  // namespace bloodcell::graph
