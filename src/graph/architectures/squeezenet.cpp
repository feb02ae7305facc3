#include "networks.hpp"

namespace bloodcell::graph {

namespace {

// 1×1 to few channels, then 1×1 and 3×3 side by side.
NodeId fire(Builder& net, int number, NodeId from, int squeezed, int expanded) {
  const std::string name = fmt::format("features.{}.", number);
  const NodeId x = net.relu(net.conv2d(name + "squeeze", from, {.out_channels = squeezed}));
  const NodeId one = net.relu(net.conv2d(name + "expand1x1", x, {.out_channels = expanded}));
  const NodeId three =
      net.relu(net.conv2d(name + "expand3x3", x,
                          {.out_channels = expanded, .kernel = 3, .padding = Padding::symmetric}));
  return net.concat({one, three});  // [2 × expanded, H, W]
}

}  // namespace

Result<Graph> squeezenet1_1(std::string name, Home home, Shape input, int classes) {
  const MaxPool2d pool{.size = 3,
                       .stride = 2,
                       .padding = home == Home::torchvision ? Padding::ceil : Padding::valid};
  Builder net(std::move(name), input);  // [3, 224, 224]
  NodeId x =
      net.relu(net.conv2d("features.0", net.input(),
                          {.out_channels = 64, .kernel = 3, .stride = 2}));  // [64, 111, 111]
  x = net.max_pool(x, pool);                                                 // [ 64, 55, 55]
  x = fire(net, 3, x, 16, 64);                                               // [128, 55, 55]
  x = fire(net, 4, x, 16, 64);
  x = net.max_pool(x, pool);     // [128, 27, 27]
  x = fire(net, 6, x, 32, 128);  // [256, 27, 27]
  x = fire(net, 7, x, 32, 128);
  x = net.max_pool(x, pool);     // [256, 13, 13]
  x = fire(net, 9, x, 48, 192);  // [384, 13, 13]
  x = fire(net, 10, x, 48, 192);
  x = fire(net, 11, x, 64, 256);  // [512, 13, 13]
  x = fire(net, 12, x, 64, 256);
  net.end_backbone();
  x = net.dropout(x, 0.5);
  x = net.relu(net.conv2d("classifier.1", x, {.out_channels = classes}));  // [classes, 13, 13]
  net.global_average_pool(x);
  return std::move(net).build();
}

}  // namespace bloodcell::graph
