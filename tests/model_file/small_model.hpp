// A small sound model file, and ways to spoil it.
#pragma once

#include <functional>
#include <string>

#include <onnx/onnx_pb.h>
#include <nlohmann/json.hpp>

#include <bloodcell/base/hash.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/test/support.hpp>

#include "../graph/random_weights.hpp"

namespace bloodcell::model_file {

inline graph::Graph small_graph(int classes = 3) {
  graph::Builder net("small", {3, 4, 5});
  const graph::NodeId x =
      net.relu(net.conv2d("conv", net.input(), {.out_channels = 2, .kernel = 3}));
  net.dense("classes", net.flatten(x), classes);
  return *std::move(net).build();
}

inline Description small_description() {
  Description d;
  d.name = "small test";
  d.architecture = "small";
  d.labels = {"basophil", "eosinophil", "Lymphozyt (groß)"};
  d.preprocessing.width_px = 5;
  d.preprocessing.height_px = 4;
  d.preprocessing.mean = {120.5, 110.25, 100.125};
  d.preprocessing.deviation = {50, 51, 52};
  d.temperature = 1.25;
  d.min_confidence = 0.5;
  d.golden = {{7, {0.5F, -1.25F, 0.1F}}, {8, {1e-7F, 3e8F, 0}}};
  d.golden_tolerance = 2e-4;
  d.provenance = {{"seed", 42}, {"data", {{"bccd", "1.0"}}}};
  return d;
}

inline ModelFile small_model() {
  const graph::Graph graph = small_graph();
  return *make(graph, test::random_weights(graph), small_description());
}

inline onnx::ModelProto proto_of(const ModelFile& file) {
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromArray(file.onnx.data(), static_cast<int>(file.onnx.size())));
  return model;
}

inline Bytes bytes_of(const google::protobuf::MessageLite& message) {
  Bytes bytes(message.ByteSizeLong());
  EXPECT_TRUE(message.SerializeToArray(bytes.data(), static_cast<int>(bytes.size())));
  return bytes;
}

// The small model with its metadata changed.
inline Result<ModelFile> read_with_metadata(const std::function<void(nlohmann::json&)>& change) {
  onnx::ModelProto model = proto_of(small_model());
  auto metadata = nlohmann::json::parse(model.metadata_props(0).value());
  change(metadata);
  model.mutable_metadata_props(0)->set_value(metadata.dump());
  return read(bytes_of(model), Limits{});
}

// The small model with its network changed, and signed anew as a forger would.
inline Result<ModelFile> read_with_network(const std::function<void(onnx::ModelProto&)>& change) {
  onnx::ModelProto model = proto_of(small_model());
  change(model);
  auto metadata = nlohmann::json::parse(model.metadata_props(0).value());
  metadata["graph_sha256"] = sha256(bytes_of(model.graph()));
  model.mutable_metadata_props(0)->set_value(metadata.dump());
  return read(bytes_of(model), Limits{});
}

}  // namespace bloodcell::model_file
