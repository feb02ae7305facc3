// Graphs made into sessions in one line.
#pragma once

#include <cmath>

#include <bloodcell/infer/session.hpp>
#include <bloodcell/test/support.hpp>

#include "../graph/random_weights.hpp"

namespace bloodcell::test {

inline Result<model_file::ModelFile> model_of(const graph::Graph& graph,
                                              const graph::Weights& weights) {
  model_file::Description description;
  description.name = "test";
  for (std::int64_t i = 0; i < graph.classes(); ++i) {
    description.labels.push_back(fmt::format("c{}", i));
  }
  description.preprocessing.width_px = static_cast<int>(graph.input_shape().width);
  description.preprocessing.height_px = static_cast<int>(graph.input_shape().height);
  return model_file::make(graph, weights, description);
}

inline Result<infer::Session> session_of(const graph::Graph& graph, const graph::Weights& weights,
                                         const infer::SessionOptions& options = {}) {
  BC_ASSIGN(const auto model, model_of(graph, weights));
  return infer::Session::open(model, options);
}

// `batch` images of values like those of a preprocessed picture.
inline std::vector<float> random_images(const graph::Graph& graph, int batch,
                                        std::uint64_t seed = 5) {
  Random random(seed, stream_of("test images"), 0);
  std::vector<float> images(static_cast<std::size_t>(batch * graph.input_shape().values()));
  for (float& value : images) value = static_cast<float>(random.normal());
  return images;
}

}  // namespace bloodcell::test
