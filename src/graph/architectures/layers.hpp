// Groups of layers that several of the published networks are made of.
#pragma once

#include <optional>
#include <string>

#include <bloodcell/graph/builder.hpp>

namespace bloodcell::graph {

// Where a network's published weights come from decides what its layers do at the edges.
enum class Home {
  torchvision,  // windows padded alike on both sides
  keras,        // padded as TensorFlow's SAME; batch norm with an epsilon of its own
};

inline Padding padding_of(Home home) {
  return home == Home::torchvision ? Padding::symmetric : Padding::same;
}

// A convolution without bias, its batch norm, and an activation where there is one.
struct ConvNorm {
  std::string conv;  // names of the two layers
  std::string norm;
  int channels = 0;
  Sides kernel = 1;
  int stride = 1;
  Padding padding = Padding::symmetric;
  int groups = 1;
  BatchNorm statistics{};
  bool is_instance = false;  // each map's own statistics in place of the batch's
  std::optional<Activation> activation = Activation::relu;
};

inline NodeId conv_norm(Builder& net, NodeId from, const ConvNorm& layer) {
  NodeId x = net.conv2d(layer.conv, from,
                        {.out_channels = layer.channels,
                         .kernel = layer.kernel,
                         .stride = layer.stride,
                         .padding = layer.padding,
                         .groups = layer.groups,
                         .bias = false});
  x = layer.is_instance ? net.group_norm(layer.norm, x, {.groups = layer.channels})
                        : net.batch_norm(layer.norm, x, layer.statistics);
  return layer.activation ? net.activate(x, *layer.activation) : x;
}

// Weighs each channel by what all of the map says (Hu et al. 2018, "squeeze and excitation"):
// mean -> 1×1 to `squeezed` -> activation -> 1×1 back -> gate.
struct SqueezeExcite {
  std::string reduce;  // names of the two convolutions
  std::string expand;
  int squeezed = 0;
  Activation activation = Activation::relu;
  Activation gate = Activation::sigmoid;
};

inline NodeId squeeze_excite(Builder& net, NodeId from, const SqueezeExcite& layer) {
  const int channels = static_cast<int>(net.shape_of(from).channels);
  NodeId x = net.global_average_pool(from);                           // [channels, 1, 1]
  x = net.conv2d(layer.reduce, x, {.out_channels = layer.squeezed});  // [squeezed, 1, 1]
  x = net.activate(x, layer.activation);
  x = net.conv2d(layer.expand, x, {.out_channels = channels});  // [channels, 1, 1]
  return net.multiply(from, net.activate(x, layer.gate));
}

// The usual end of a convolutional network: mean of each map -> dropout -> dense.
inline void classify_by_means(Builder& net, NodeId features, const std::string& name, int classes,
                              double dropout) {
  NodeId x = net.global_average_pool(features);
  if (dropout > 0) x = net.dropout(x, dropout);
  net.dense(name, x, classes);
}

}  // namespace bloodcell::graph
