#include <array>

#include "networks.hpp"

namespace bloodcell::graph {

namespace {

struct Plan {
  std::array<int, 4> blocks;
  bool bottleneck;
};

Plan plan_of(ResNetDepth depth) {
  switch (depth) {
    case ResNetDepth::layers18: return {{2, 2, 2, 2}, false};
    case ResNetDepth::layers34: return {{3, 4, 6, 3}, false};
    case ResNetDepth::layers50: return {{3, 4, 6, 3}, true};
    case ResNetDepth::layers101: return {{3, 4, 23, 3}, true};
  }
  return {};
}

class ResNet {
 public:
  ResNet(Builder& net, Home home) : net_(net), home_(home) {}

  NodeId features(const Plan& plan) {
    NodeId x = conv_norm("conv1", "bn1", net_.input(), 64, 7, 2);  // [64, 112, 112]
    x = net_.max_pool(net_.relu(x),
                      {.size = 3, .stride = 2, .padding = Padding::symmetric});  // [64, 56, 56]
    for (int stage = 0; stage < 4; ++stage) {
      for (int i = 0; i < plan.blocks.at(static_cast<std::size_t>(stage)); ++i) {
        const std::string name = fmt::format("layer{}.{}", stage + 1, i);
        const int stride = stage > 0 && i == 0 ? 2 : 1;
        x = plan.bottleneck ? bottleneck(name, x, 64 << stage, stride)
                            : basic(name, x, 64 << stage, stride);
      }
    }
    return x;  // [512, 7, 7], of bottlenecks [2048, 7, 7]
  }

 private:
  NodeId conv_norm(const std::string& conv, const std::string& norm, NodeId from, int channels,
                   int kernel, int stride) {
    const bool keras = home_ == Home::keras;
    const NodeId x = net_.conv2d(conv, from,
                                 {.out_channels = channels,
                                  .kernel = kernel,
                                  .stride = stride,
                                  .padding = Padding::symmetric,
                                  .bias = keras});
    return net_.batch_norm(norm, x,
                           keras ? BatchNorm{.epsilon = 1.001e-5, .momentum = 0.01} : BatchNorm{});
  }

  NodeId shortcut(const std::string& name, NodeId from, int channels, int stride) {
    if (stride == 1 && net_.shape_of(from).channels == channels) return from;
    return conv_norm(name + ".downsample.0", name + ".downsample.1", from, channels, 1, stride);
  }

  NodeId basic(const std::string& name, NodeId from, int channels, int stride) {
    NodeId x = conv_norm(name + ".conv1", name + ".bn1", from, channels, 3, stride);
    x = conv_norm(name + ".conv2", name + ".bn2", net_.relu(x), channels, 3, 1);
    return net_.relu(net_.add(x, shortcut(name, from, channels, stride)));
  }

  NodeId bottleneck(const std::string& name, NodeId from, int channels, int stride) {
    const int first = home_ == Home::keras ? stride : 1;
    NodeId x = conv_norm(name + ".conv1", name + ".bn1", from, channels, 1, first);
    x = conv_norm(name + ".conv2", name + ".bn2", net_.relu(x), channels, 3, stride / first);
    x = conv_norm(name + ".conv3", name + ".bn3", net_.relu(x), 4 * channels, 1, 1);
    return net_.relu(net_.add(x, shortcut(name, from, 4 * channels, stride)));
  }

  Builder& net_;
  Home home_;
};

}  // namespace

Result<Graph> resnet(std::string name, ResNetDepth depth, Home home, Shape input, int classes) {
  Builder net(std::move(name), input);  // [3, 224, 224]
  const NodeId x = ResNet(net, home).features(plan_of(depth));
  net.end_backbone();
  classify_by_means(net, x, "fc", classes, 0);
  return std::move(net).build();
}

}  // namespace bloodcell::graph
