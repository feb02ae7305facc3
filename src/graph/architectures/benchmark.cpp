#include "networks.hpp"

namespace bloodcell::graph {

namespace {

constexpr BatchNorm kKerasNorm{.epsilon = 1e-3, .momentum = 0.01};

// Convolution, relu, and only then batch norm.
NodeId conv_relu_norm(Builder& net, const std::string& name, NodeId from, Conv2d conv) {
  return net.batch_norm(name + ".norm", net.relu(net.conv2d(name, from, conv)), kKerasNorm);
}

Conv2d same(int channels, int kernel) {
  return {.out_channels = channels, .kernel = kernel, .padding = Padding::same};
}

NodeId dense_relu_dropout(Builder& net, const std::string& name, NodeId from) {
  return net.dropout(net.relu(net.dense(name, from, 1024)), 0.5);
}

}  // namespace

Result<Graph> benchmark(std::string name, Shape input, int classes) {
  Builder net(std::move(name), input);  // [  3, 240, 320]
  NodeId x = conv_relu_norm(net, "conv1", net.input(),
                            {.out_channels = 128, .kernel = 8, .stride = 3});  // [128, 78, 105]
  x = conv_relu_norm(net, "conv2", x, same(256, 5));
  x = net.max_pool(x, {.size = 3, .stride = 3});  // [256, 26, 35]
  x = conv_relu_norm(net, "conv3", x, same(256, 3));
  x = conv_relu_norm(net, "conv4", x, same(256, 1));
  x = conv_relu_norm(net, "conv5", x, same(256, 1));
  x = conv_relu_norm(net, "conv6", x, same(512, 3));
  x = net.max_pool(x);  // [512, 13, 17]
  x = conv_relu_norm(net, "conv7", x, same(512, 3));
  x = conv_relu_norm(net, "conv8", x, same(512, 3));
  x = net.max_pool(x);  // [512, 6, 8]
  x = conv_relu_norm(net, "conv9", x, same(512, 3));
  x = net.max_pool(x);  // [512, 3, 4]
  net.end_backbone();
  x = net.flatten(x);                        // [6144]
  x = dense_relu_dropout(net, "dense1", x);  // [1024]
  x = dense_relu_dropout(net, "dense2", x);  // [1024]
  net.dense("logits", x, classes);
  return std::move(net).build();
}

}  // namespace bloodcell::graph
