// Lays down a graph, one line a layer; every call returns the new node.
// A size that does not fit (a window larger than its map) makes build() fail with the layer's name.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <bloodcell/graph/graph.hpp>

namespace bloodcell::graph {

class Builder {
 public:
  Builder(std::string architecture, Shape input);
  explicit Builder(Graph graph);  // goes on after its last node

  [[nodiscard]] NodeId input() const { return 0; }
  NodeId conv2d(std::string name, NodeId from, Conv2d conv);
  NodeId batch_norm(std::string name, NodeId from, BatchNorm norm = {});
  NodeId group_norm(std::string name, NodeId from, GroupNorm norm = {});
  NodeId activate(NodeId from, Activation kind);
  NodeId relu(NodeId from) { return activate(from, Activation::relu); }
  NodeId max_pool(NodeId from, MaxPool2d pool = {});
  NodeId average_pool(NodeId from, AveragePool2d pool = {});
  NodeId global_average_pool(NodeId from);
  NodeId flatten(NodeId from);
  NodeId dense(std::string name, NodeId from, Dense dense);
  NodeId dense(std::string name, NodeId from, int units) {
    return dense(std::move(name), from, Dense{.units = units});
  }
  NodeId dropout(NodeId from, double rate);
  NodeId add(NodeId a, NodeId b);
  NodeId multiply(NodeId maps, NodeId by);
  NodeId concat(std::vector<NodeId> parts);
  NodeId zero_pad(NodeId from, Border border);
  NodeId crop(NodeId from, Border border);

  // What stands so far is the backbone, its last node the features.
  void end_backbone() { graph_.features = graph_.nodes.size() - 1; }

  [[nodiscard]] Shape shape_of(NodeId node) const { return graph_.nodes.at(node).shape; }

  // The graph; its last node is the output. Errors: usage, naming layer and shapes.
  [[nodiscard]] Result<Graph> build() &&;

 private:
  NodeId append(std::string name, Operation operation, std::vector<NodeId> inputs, Shape shape);
  NodeId append_pool(std::string name, NodeId from, const Operation& pool, int size, int stride,
                     Padding padding);
  void refuse(const std::string& layer, const std::string& why);

  Graph graph_;
  std::optional<Error> error_;
};

}  // namespace bloodcell::graph
