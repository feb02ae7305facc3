#include <bloodcell/graph/architectures.hpp>

#include "networks.hpp"

namespace bloodcell::graph {

namespace {

class Compact {
 public:
  Compact(Builder& net, Norm norm) : net_(net), norm_(norm) {}

  enum class Place { early, later };

  NodeId conv_norm(const std::string& name, NodeId from, int channels, int kernel, int stride,
                   Place place = Place::later) {
    const NodeId conv = net_.conv2d(name, from,
                                    {.out_channels = channels,
                                     .kernel = kernel,
                                     .stride = stride,
                                     .padding = Padding::symmetric,
                                     .bias = false});
    return normed(name + ".norm", conv, place == Place::early);
  }

  // Two 3×3 convolutions beside a short cut (He et al. 2016, "basic block"); the short cut is a 1×1
  // convolution where shapes differ.
  NodeId residual(const std::string& name, NodeId from, int channels, int stride,
                  Place place = Place::later) {
    NodeId x = net_.relu(conv_norm(name + ".conv1", from, channels, 3, stride, place));
    x = conv_norm(name + ".conv2", x, channels, 3, 1);
    const bool changes = stride != 1 || net_.shape_of(from).channels != channels;
    const NodeId shortcut =
        changes ? conv_norm(name + ".shortcut", from, channels, 1, stride) : from;
    return net_.relu(net_.add(x, shortcut));
  }

 private:
  NodeId normed(const std::string& name, NodeId conv, bool is_early) {
    if (norm_ == Norm::group) return net_.group_norm(name, conv);
    if (norm_ == Norm::early_instance && is_early) {
      return net_.group_norm(name, conv,
                             {.groups = static_cast<int>(net_.shape_of(conv).channels)});
    }
    return net_.batch_norm(name, conv);
  }

  Builder& net_;
  Norm norm_;
};

}  // namespace

Result<Graph> compact(std::string name, Norm norm, Shape input, int classes) {
  Builder net(std::move(name), input);  // [  3, 96, 96]
  Compact in(net, norm);
  constexpr auto kEarly = Compact::Place::early;
  NodeId x = net.relu(in.conv_norm("stem", net.input(), 16, 3, 2, kEarly));  // [ 16, 48, 48]
  x = in.residual("block1", x, 32, 2, kEarly);                               // [ 32, 24, 24]
  x = in.residual("block2", x, 32, 1, kEarly);
  x = in.residual("block3", x, 56, 2, kEarly);  // [ 56, 12, 12]
  x = in.residual("block4", x, 56, 1, kEarly);
  x = in.residual("block5", x, 112, 2);  // [112,  6,  6]
  net.end_backbone();
  classify_by_means(net, x, "logits", classes, 0.2);
  return std::move(net).build();
}

Result<Graph> compact(Shape input, int classes) {
  return compact("compact", Norm::batch, input, classes);
}

}  // namespace bloodcell::graph
