// How a classifier ends: maps → their mean → one dense layer → logits (Lin et al. 2014, "Network in
// network"). Found in the graph itself, so that every model file has it, whoever wrote it.
#pragma once

#include <vector>

#include <openvino/core/model.hpp>

#include <bloodcell/base/result.hpp>

namespace bloodcell::infer {

struct Tail {
  ov::Output<ov::Node> embedding;  // what the last dense layer sees: [N, values]
  std::vector<float> weights;      // of that layer, labels × values
  // Whose mean the embedding is: [N, values, H, W]; no node where there are none, or where more
  // than the last dense layer makes the logits.
  ov::Output<ov::Node> maps;
};

// Errors: unsupported (the logits are not made by a dense layer with fixed weights).
[[nodiscard]] Result<Tail> find_tail(const ov::Model& model);

}  // namespace bloodcell::infer
