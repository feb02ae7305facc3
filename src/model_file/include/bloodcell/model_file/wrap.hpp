// Classifiers that others have exported – PyTorch, timm, Keras – made into our model file: the
// graph gets our input and output about it, the metadata say what its numbers mean.
#pragma once

#include <string>
#include <vector>

#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::model_file {

// What an ONNX file does not say of itself.
struct Foreign {
  std::string name;                    // as Description::name
  std::vector<std::string> labels;     // in the order of its outputs
  image::Preprocessing preprocessing;  // sides of 0: the network's own, where it states them
  bool channels_last = false;          // takes [N, H, W, 3], as Keras exports it
  bool gives_probabilities = false;    // ends in a softmax; else logits
};

// The network must have one input of rank 4 and, among its outputs, one [N, labels]; N becomes any
// batch, which a graph with a batch built in may not survive: run it on two pictures. Golden
// outputs are the caller's to add. Errors: unsupported (other inputs or outputs, external data,
// subgraphs), mismatch (sizes or labels that do not fit), malformed, limit_exceeded.
[[nodiscard]] Result<ModelFile> wrap(Bytes onnx, const Foreign& foreign, const Limits& limits);

// A label a line, blank lines passed over. Errors: malformed (none, two alike, over 1000).
[[nodiscard]] Result<std::vector<std::string>> labels_of_lines(std::string_view text);

}  // namespace bloodcell::model_file
