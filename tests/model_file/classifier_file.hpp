// A network of the zoo with random weights, as a model file of four classes.
#pragma once

#include <string_view>

#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/model_file/model_file.hpp>

#include "../graph/random_weights.hpp"

namespace bloodcell::model_file {

inline ModelFile classifier_file(std::string_view architecture) {
  const graph::Graph graph = graph::find_architecture(architecture)->build({3, 32, 32}, 4).value();
  Description description;
  description.name = "test";
  description.labels = {"a", "b", "c", "d"};
  description.preprocessing.width_px = 32;
  description.preprocessing.height_px = 32;
  description.provenance = nlohmann::json::object();
  return make(graph, test::random_weights(graph), description).value();
}

}  // namespace bloodcell::model_file
