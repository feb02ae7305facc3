#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/builder.hpp>

namespace bloodcell::graph {

namespace {

NodeId conv_norm(Builder& net, const std::string& name, NodeId from, int channels, int kernel,
                 int stride) {
  const NodeId conv = net.conv2d(name, from,
                                 {.out_channels = channels,
                                  .kernel = kernel,
                                  .stride = stride,
                                  .padding = Padding::symmetric,
                                  .bias = false});
  return net.batch_norm(name + ".norm", conv);
}

// Two 3×3 convolutions beside a short cut (He et al. 2016, "basic block"); the short cut is a 1×1
// convolution where shapes differ.
NodeId residual(Builder& net, const std::string& name, NodeId from, int channels, int stride) {
  NodeId x = net.relu(conv_norm(net, name + ".conv1", from, channels, 3, stride));
  x = conv_norm(net, name + ".conv2", x, channels, 3, 1);
  const bool changes = stride != 1 || net.shape_of(from).channels != channels;
  const NodeId shortcut =
      changes ? conv_norm(net, name + ".shortcut", from, channels, 1, stride) : from;
  return net.relu(net.add(x, shortcut));
}

}  // namespace

Result<Graph> compact(Shape input, int classes) {
  Builder net("compact", input);                                       // [  3, 96, 96]
  NodeId x = net.relu(conv_norm(net, "stem", net.input(), 16, 3, 2));  // [ 16, 48, 48]
  x = residual(net, "block1", x, 32, 2);                               // [ 32, 24, 24]
  x = residual(net, "block2", x, 32, 1);
  x = residual(net, "block3", x, 56, 2);  // [ 56, 12, 12]
  x = residual(net, "block4", x, 56, 1);
  x = residual(net, "block5", x, 112, 2);  // [112,  6,  6]
  x = net.global_average_pool(x);          // [112]
  x = net.dropout(x, 0.2);
  net.dense("logits", x, classes);  // [classes]
  return std::move(net).build();
}

}  // namespace bloodcell::graph
