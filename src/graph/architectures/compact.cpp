#include <bloodcell/graph/architectures.hpp>

#include "networks.hpp"

namespace bloodcell::graph {

namespace {

class Compact {
 public:
  Compact(Builder& net, Norm norm) : net_(net), norm_(norm) {}

  NodeId conv_norm(const std::string& name, NodeId from, int channels, int kernel, int stride) {
    const NodeId conv = net_.conv2d(name, from,
                                    {.out_channels = channels,
                                     .kernel = kernel,
                                     .stride = stride,
                                     .padding = Padding::symmetric,
                                     .bias = false});
    return norm_ == Norm::batch ? net_.batch_norm(name + ".norm", conv)
                                : net_.group_norm(name + ".norm", conv);
  }

  // Two 3×3 convolutions beside a short cut (He et al. 2016, "basic block"); the short cut is a 1×1
  // convolution where shapes differ.
  NodeId residual(const std::string& name, NodeId from, int channels, int stride) {
    NodeId x = net_.relu(conv_norm(name + ".conv1", from, channels, 3, stride));
    x = conv_norm(name + ".conv2", x, channels, 3, 1);
    const bool changes = stride != 1 || net_.shape_of(from).channels != channels;
    const NodeId shortcut =
        changes ? conv_norm(name + ".shortcut", from, channels, 1, stride) : from;
    return net_.relu(net_.add(x, shortcut));
  }

 private:
  Builder& net_;
  Norm norm_;
};

}  // namespace

Result<Graph> compact(std::string name, Norm norm, Shape input, int classes) {
  Builder net(std::move(name), input);  // [  3, 96, 96]
  Compact in(net, norm);
  NodeId x = net.relu(in.conv_norm("stem", net.input(), 16, 3, 2));  // [ 16, 48, 48]
  x = in.residual("block1", x, 32, 2);                               // [ 32, 24, 24]
  x = in.residual("block2", x, 32, 1);
  x = in.residual("block3", x, 56, 2);  // [ 56, 12, 12]
  x = in.residual("block4", x, 56, 1);
  x = in.residual("block5", x, 112, 2);  // [112,  6,  6]
  net.end_backbone();
  classify_by_means(net, x, "logits", classes, 0.2);
  return std::move(net).build();
}

Result<Graph> compact(Shape input, int classes) {
  return compact("compact", Norm::batch, input, classes);
}

}  // namespace bloodcell::graph
