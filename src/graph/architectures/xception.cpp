#include "networks.hpp"

namespace bloodcell::graph {

namespace {

constexpr BatchNorm kKerasNorm{.epsilon = 1e-3, .momentum = 0.01};

// Layers bear Keras' names; the four short cuts, which Keras numbers, that of their block.
class Xception {
 public:
  explicit Xception(Builder& net) : net_(net) {}

  NodeId conv(const std::string& name, NodeId from, int channels, int stride) {
    return conv_norm(net_, from,
                     {.conv = name,
                      .norm = name + "_bn",
                      .channels = channels,
                      .kernel = 3,
                      .stride = stride,
                      .padding = Padding::valid,
                      .statistics = kKerasNorm});
  }

  // Each map alone, then a mix of the maps, then batch norm.
  NodeId separable(const std::string& name, NodeId from, int channels) {
    const int before = static_cast<int>(net_.shape_of(from).channels);
    const NodeId x = net_.conv2d(name + ".depthwise", from,
                                 {.out_channels = before,
                                  .kernel = 3,
                                  .padding = Padding::same,
                                  .groups = before,
                                  .bias = false});
    return conv_norm(net_, x,
                     {.conv = name + ".pointwise",
                      .norm = name + "_bn",
                      .channels = channels,
                      .statistics = kKerasNorm,
                      .activation = std::nullopt});
  }

  // Two separable convolutions and a pool of stride 2 beside a strided 1×1 convolution.
  NodeId halving(int block, NodeId from, int first, int second, bool starts_with_relu = true) {
    const std::string name = fmt::format("block{}", block);
    NodeId x = starts_with_relu ? net_.relu(from) : from;
    x = separable(name + "_sepconv1", x, first);
    x = separable(name + "_sepconv2", net_.relu(x), second);
    x = net_.max_pool(x, {.size = 3, .stride = 2, .padding = Padding::same});
    const NodeId shortcut = conv_norm(net_, from,
                                      {.conv = name + "_shortcut",
                                       .norm = name + "_shortcut_bn",
                                       .channels = second,
                                       .stride = 2,
                                       .padding = Padding::same,
                                       .statistics = kKerasNorm,
                                       .activation = std::nullopt});
    return net_.add(x, shortcut);
  }

  NodeId middle(int block, NodeId from) {
    NodeId x = from;
    for (int i = 1; i <= 3; ++i) {
      x = separable(fmt::format("block{}_sepconv{}", block, i), net_.relu(x), 728);
    }
    return net_.add(x, from);
  }

 private:
  Builder& net_;
};

}  // namespace

Result<Graph> xception(std::string name, Shape input, int classes) {
  Builder net(std::move(name), input);  // [3, 299, 299]
  Xception in(net);
  NodeId x = in.conv("block1_conv1", net.input(), 32, 2);  // [  32, 149, 149]
  x = in.conv("block1_conv2", x, 64, 1);                   // [  64, 147, 147]
  x = in.halving(2, x, 128, 128, false);                   // [ 128,  74,  74]
  x = in.halving(3, x, 256, 256);                          // [ 256,  37,  37]
  x = in.halving(4, x, 728, 728);                          // [ 728,  19,  19]
  for (int block = 5; block <= 12; ++block) x = in.middle(block, x);
  x = in.halving(13, x, 728, 1024);                         // [1024,  10,  10]
  x = net.relu(in.separable("block14_sepconv1", x, 1536));  // [1536,  10,  10]
  x = net.relu(in.separable("block14_sepconv2", x, 2048));  // [2048,  10,  10]
  net.end_backbone();
  classify_by_means(net, x, "predictions", classes, 0);
  return std::move(net).build();
}

}  // namespace bloodcell::graph
