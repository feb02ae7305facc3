// Weights trained elsewhere, made ours: what is known of their files, and reading them.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/graph/graph.hpp>
#include <bloodcell/graph/weights.hpp>

namespace bloodcell::graph {

// One file of ImageNet weights (ILSVRC-2012, 1000 classes).
struct PublishedWeights {
  std::string_view architecture;  // which declares the input scaling they were trained with
  std::string_view file;          // its name in a folder of weights
  std::string_view sha256;
  std::string_view source;
  std::string_view licence;
  // Of the file's batch norms, where it is not the architecture's.
  std::optional<double> epsilon;
  // Another architecture of the same layers and parameters, which takes them too; empty: none.
  std::string_view variant{};

  [[nodiscard]] bool serves(std::string_view name) const {
    return name == architecture || (!variant.empty() && name == variant);
  }
};

[[nodiscard]] std::span<const PublishedWeights> published_weights();

// The file that serves an architecture; nothing if none is known.
[[nodiscard]] std::optional<PublishedWeights> published_weights_of(std::string_view architecture);

// The file with these bytes, whatever it is called now; nothing if it is not known.
[[nodiscard]] std::optional<PublishedWeights> published_weights_with(std::string_view sha256);

// A safetensors file as torchvision or timm names its tensors, for a graph of this project. Left
// out: `num_batches_tracked`, and InceptionV3's auxiliary classifier. Batch norms that were trained
// with another `epsilon` than the graph's get a variance that makes up for it, so that
// variance + epsilon, all a norm uses, stays what it was. Errors: mismatch (check_weights).
[[nodiscard]] Result<Weights> import_torch_weights(const Graph& graph, const Weights& weights,
                                                   std::optional<double> epsilon = std::nullopt);

// Reads `published.file` from the folder for a graph of its architecture; by its name as
// safetensors or as Keras' HDF5. Of a graph with another classifier, give backbone_of(graph).
// Errors: not_found, mismatch (another SHA-256, or not the graph's weights).
[[nodiscard]] Result<Weights> load_published(const Graph& graph, const PublishedWeights& published,
                                             const std::filesystem::path& folder,
                                             const Limits& limits);

}  // namespace bloodcell::graph
