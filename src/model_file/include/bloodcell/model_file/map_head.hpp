// Maps all along a network, and a dense layer that reads them beside the last one.
#pragma once

#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::model_file {

// Tensors [N, channels, H, W]: what a convolution of all channels reads that makes as many of them
// or more – a block's end, not what lies within a bottleneck –, and what the network itself takes
// the mean of. In the order of the graph, each once. Errors: malformed.
[[nodiscard]] Result<std::vector<std::string>> map_names(const ModelFile& file);

// logit[k] = (what the last dense layer says) + weights[k] · means, where means are those of each
// channel of each map over its places, one map behind the other (Head2Toe, Evci et al. 2022).
struct MapHead {
  std::vector<std::string> maps;
  std::vector<float> weights;  // labels × channels of all maps
};

[[nodiscard]] bool has_map_head(const ModelFile& file);

// Golden outputs, int8 and what other precisions cost are dropped. dense_head no longer knows the
// file's last layer, which has become two. Errors: as dense_head; mismatch (a map that the graph
// lacks, weights that are not finite or no multiple of the labels).
[[nodiscard]] Result<ModelFile> with_map_head(const ModelFile& file, const MapHead& head);

}  // namespace bloodcell::model_file
