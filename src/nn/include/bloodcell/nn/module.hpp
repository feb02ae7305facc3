// A graph as libtorch runs it. The one public header that shows libtorch; include it only from .cpp
// files of nn and train. Uses what libtorch 1.13 and 2.x share. Functions throw c10::Error as
// libtorch does; the caller turns it into an Error.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

#include <bloodcell/graph/graph.hpp>
#include <bloodcell/graph/weights.hpp>

namespace bloodcell::nn {

class Winograd;  // nn/winograd.hpp

// Parameters are named as graph.parameters() names them. Maps run channels-last, the layout that
// oneDNN prefers; what weights() returns is in the graph's own order. Not thread-safe.
class Module {
 public:
  // weights must fit the graph (graph::check_weights).
  Module(graph::Graph graph, const graph::Weights& weights, torch::Device device);
  Module(Module&&) noexcept;
  Module& operator=(Module&&) noexcept;
  ~Module();

  // images: [N, 3, H, W] float32 on any device. Returns [N, classes] logits on the module's device.
  // Running statistics, no dropout, no gradients.
  [[nodiscard]] torch::Tensor evaluate(const torch::Tensor& images);

  // The same while learning: batch statistics (which move the running ones), gradients, and dropout
  // whose masks depend on the seed alone, not on the device or on what ran before.
  [[nodiscard]] torch::Tensor learn(const torch::Tensor& images, std::uint64_t dropout_seed);

  // From now on the layers before `first` stay as they are while the others learn: running
  // statistics, no dropout, no gradients. 0: everything learns, as at first.
  // train_from(graph().features + 1) freezes the backbone.
  void train_from(graph::NodeId first);

  // From now on learn() normalises by running statistics in the batch norms before `first`, too,
  // and leaves these as they are; weights and biases of theirs learn. 0: none, as at first.
  void keep_statistics_before(graph::NodeId first) { first_with_batch_statistics_ = first; }

  // The output of one layer in evaluation mode: [N, C, H, W], row-major.
  [[nodiscard]] torch::Tensor features(const torch::Tensor& images, graph::NodeId layer);

  // From now on evaluate() and learn() are given the outputs of `layer` in place of images: what
  // features() returns. Nothing after it may look at a layer before it (graph::seam_after).
  void begin_after(graph::NodeId layer) { begins_after_ = layer; }

  // Σ l2 · Σ weight² over the dense layers that learn: a scalar to add to the loss.
  [[nodiscard]] torch::Tensor penalty() const;

  [[nodiscard]] const graph::Graph& graph() const { return graph_; }
  [[nodiscard]] torch::Device device() const { return device_; }

  // The parameters that learn, in the graph's order, by name.
  [[nodiscard]] std::vector<std::pair<std::string, torch::Tensor>> trainable() const;

  // All of them by name, running statistics too; they share memory with the module's own.
  [[nodiscard]] const std::map<std::string, torch::Tensor>& parameters() const {
    return parameters_;
  }

  [[nodiscard]] graph::Weights weights() const;
  void set_weights(const graph::Weights& weights);

 private:
  class Run;

  [[nodiscard]] torch::Tensor laid_out(const torch::Tensor& images) const;

  graph::Graph graph_;
  torch::Device device_;
  std::map<std::string, torch::Tensor> parameters_;
  graph::NodeId first_trained_ = 0;
  graph::NodeId first_with_batch_statistics_ = 0;
  graph::NodeId begins_after_ = 0;
  std::vector<int> uses_;  // of each node's output
  std::unique_ptr<Winograd> winograd_;
};

// Between libtorch's tensors and ours. Values are copied; the order is row-major on our side.
[[nodiscard]] graph::Tensor to_plain(const torch::Tensor& tensor);
[[nodiscard]] torch::Tensor to_torch(const graph::Tensor& tensor);

}  // namespace bloodcell::nn
