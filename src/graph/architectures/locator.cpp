#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/builder.hpp>

namespace bloodcell::graph {

namespace {

constexpr int kWide = 80;  // maps at the stride of the output
constexpr int kBlocks = 6;

NodeId conv_norm(Builder& net, const std::string& name, NodeId from, int channels, int kernel,
                 int stride, int groups = 1) {
  const NodeId conv = net.conv2d(name, from,
                                 {.out_channels = channels,
                                  .kernel = kernel,
                                  .stride = stride,
                                  .padding = Padding::symmetric,
                                  .groups = groups,
                                  .bias = false});
  return net.batch_norm(name + ".norm", conv);
}

// Looks far at little cost: a 7×7 convolution of each map alone, then a mix of the maps.
NodeId wide_block(Builder& net, const std::string& name, NodeId from, int channels) {
  NodeId x = net.relu(conv_norm(net, name + ".wide", from, channels, 7, 1, channels));
  x = conv_norm(net, name + ".mix", x, channels, 1, 1);
  return net.relu(net.add(x, from));
}

}  // namespace

Result<Graph> locator(Shape input, int kinds) {
  if (input.height % kLocatorStride != 0 || input.width % kLocatorStride != 0) {
    return fail(ErrorCode::usage,
                fmt::format("an input of {} × {}; the sides of the locator's are multiples of {}",
                            input.width, input.height, kLocatorStride));
  }
  Builder net("locator", input);                                       // [ 3, 192, 256]
  NodeId x = net.relu(conv_norm(net, "stem", net.input(), 16, 3, 2));  // [16,  96, 128]
  x = net.relu(conv_norm(net, "down1", x, 32, 3, 2));                  // [32,  48,  64]
  x = net.relu(conv_norm(net, "down2", x, kWide, 3, 2));               // [80,  24,  32]
  for (int i = 1; i <= kBlocks; ++i) x = wide_block(net, fmt::format("block{}", i), x, kWide);
  net.conv2d("maps", x, {.out_channels = kinds + 4, .kernel = 1});  // [kinds + 4, 24, 32]
  return std::move(net).build();
}

}  // namespace bloodcell::graph
