// Weights learned elsewhere as the beginning, and which of them stay as they are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/graph/graph.hpp>
#include <bloodcell/graph/weights.hpp>
#include <bloodcell/image/preprocess.hpp>
#include <bloodcell/train/config.hpp>

namespace bloodcell::train {

// The first layer that learns. freeze: `none`; `backbone`, all but the head; or a layer's name: all
// before it. Errors: usage (no such layer).
[[nodiscard]] Result<graph::NodeId> first_that_learns(const graph::Graph& graph,
                                                      std::string_view freeze);

// From an epoch on, what learns begins at an earlier layer (gradual unfreezing, Howard & Ruder
// 2018).
struct LearningStage {
  int epoch = 1;
  graph::NodeId first = 0;
};

// Of config.unfreeze, without a graph: `EPOCH=LAYER` or `EPOCH=all`, in rising epochs from 2 on,
// with something frozen. Errors: usage.
[[nodiscard]] Result<void> check_unfreezing(const Config& config);

// What learns from which epoch on: config.freeze from the first, then config.unfreeze. Errors:
// usage (no such layer, or one that learns already).
[[nodiscard]] Result<std::vector<LearningStage>> learning_stages(const graph::Graph& graph,
                                                                 const Config& config);

struct Beginning {
  graph::Weights weights;
  std::size_t taken = 0;  // tensors that came from the file
  std::string remark;     // what the user ought to know; may be empty
};

// Lays a file's tensors over `first`:
// - best or last weights of a run (of a checkpoint the averaged ones, if it has them),
// - a safetensors file with this network's names, which are torchvision's or timm's,
// - for networks of Keras, a weights file of Keras Applications (HDF5), whose classifier is left.
// Tensors of the head that are missing or of another shape (other classes) stay as they are; so do
// none elsewhere. A file that graph::published_weights knows, or a run, says how its network saw
// pixels: another scaling than the run's own is an error, or a remark on published ones, which only
// an option can have brought about. Errors: mismatch (also a tensor of the backbone that does not
// fit, another network's weights, a file that is not the one hashed), those of the file.
[[nodiscard]] Result<Beginning> begin_with(const graph::Graph& graph, graph::Weights first,
                                           const SourceFile& source,
                                           const image::Preprocessing& preprocessing,
                                           const Limits& limits);

}  // namespace bloodcell::train
