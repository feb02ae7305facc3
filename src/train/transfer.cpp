#include <bloodcell/train/transfer.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/backbone.hpp>
#include <bloodcell/graph/keras.hpp>
#include <bloodcell/graph/published.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::train {
namespace {

using nlohmann::json;

bool is_hdf5(const Bytes& bytes) {
  constexpr std::string_view kMagic = "\x89HDF\r\n\x1a\n";
  return bytes.size() > kMagic.size() &&
         std::equal(kMagic.begin(), kMagic.end(), bytes.begin(),
                    [](char a, std::byte b) { return static_cast<std::byte>(a) == b; });
}

bool scales_alike(const image::Preprocessing& a, const image::Preprocessing& b) {
  return a.channels == b.channels && a.mean == b.mean && a.deviation == b.deviation;
}

// How the run that wrote these weights saw pixels; nothing where they do not say.
std::optional<image::Preprocessing> scaling_in(const graph::WeightsFile& file) {
  for (const char* entry : {"best", "average", "checkpoint"}) {
    const auto found = file.metadata.find(entry);
    if (found == file.metadata.end()) continue;
    json object = json::parse(found->second, nullptr, false);
    if (object.is_object() && object.contains("config")) object = object["config"];
    if (!object.is_object() || !object.contains("preprocessing")) continue;
    if (auto read = image::preprocessing_from_json(object["preprocessing"])) return *read;
  }
  return std::nullopt;
}

// A checkpoint's tensors under the network's own names.
graph::Weights network_weights(graph::Weights tensors) {
  const auto has = [&](std::string_view prefix) {
    return std::any_of(tensors.begin(), tensors.end(),
                       [&](const auto& each) { return each.first.starts_with(prefix); });
  };
  if (!has("adam.m.") && !has("sgd.velocity.")) return tensors;
  const std::string prefix = has("ema.") ? "ema." : "model.";
  graph::Weights found;
  for (auto& [name, tensor] : tensors) {
    if (name.starts_with(prefix)) found.emplace(name.substr(prefix.size()), std::move(tensor));
  }
  return found;
}

Result<void> check_network(const graph::Graph& graph,
                           const std::optional<graph::PublishedWeights>& known) {
  if (!known || known->serves(graph.architecture)) return {};
  return fail(
      ErrorCode::mismatch,
      fmt::format("holds weights of {}, not of {}", known->architecture, graph.architecture), {},
      fmt::format("give --model {}", known->architecture));
}

// What published weights ought to see, if the run sees pixels otherwise.
Result<std::string> remark_on_scaling(const graph::PublishedWeights& known,
                                      const image::Preprocessing& preprocessing) {
  BC_ASSIGN(const auto architecture, graph::find_architecture(known.architecture));
  const auto due =
      model_file::preprocessing_of(architecture, preprocessing.width_px, preprocessing.height_px);
  if (scales_alike(due, preprocessing)) return std::string();
  return fmt::format(
      "THE WEIGHTS OF {} EXPECT PIXELS SCALED AS `{}`, and --input-scale gives them others: most "
      "of "
      "what they know is lost",
      known.architecture, architecture.scaling.name);
}

struct Given {
  graph::Weights weights;
  std::string remark;
};

Result<Given> weights_in(const graph::Graph& graph, const Bytes& bytes, std::string_view hash,
                         const image::Preprocessing& preprocessing, const Limits& limits) {
  const auto known = graph::published_weights_with(hash);
  BC_CHECK(check_network(graph, known));
  Given given;
  if (known) {
    BC_ASSIGN(given.remark, remark_on_scaling(*known, preprocessing));
  }
  const graph::Graph backbone = graph::backbone_of(graph::without_input_norm(graph));
  if (is_hdf5(bytes)) {
    BC_ASSIGN(const auto layers, graph::read_keras(bytes, limits));
    BC_ASSIGN(given.weights, graph::import_keras_weights(backbone, layers));
    return given;
  }
  BC_ASSIGN(auto file, graph::read_safetensors(bytes, limits));
  if (const auto seen = scaling_in(file); seen && !scales_alike(*seen, preprocessing)) {
    return fail(ErrorCode::mismatch, "comes from a run that scaled pixels otherwise", {},
                "give the --input-scale of that run");
  }
  given.weights = network_weights(std::move(file.weights));
  const bool knew_input_norm = given.weights.contains(fmt::format("{}.weight", graph::kInputNorm));
  if (knew_input_norm && !graph::has_input_norm(graph)) {
    return fail(ErrorCode::mismatch, "comes from a run that took light and contrast out first", {},
                "give --input-norm");
  }
  if (known && known->epsilon) {
    BC_ASSIGN(const auto used, graph::weights_for(backbone, given.weights));
    BC_ASSIGN(auto ours, graph::import_torch_weights(backbone, used, known->epsilon));
    ours.merge(given.weights);  // the head's
    given.weights = std::move(ours);
  }
  return given;
}

Result<Beginning> laid_over(const graph::Graph& graph, graph::Weights first, Given given) {
  const graph::Graph plain = graph::without_input_norm(graph);
  const auto backbone = graph::parameters_before(plain, plain.features + 1);
  Beginning beginning{std::move(first), 0, std::move(given.remark)};
  for (auto& [name, tensor] : beginning.weights) {
    const auto found = given.weights.find(name);
    if (found != given.weights.end() && found->second.dims == tensor.dims) {
      tensor = std::move(found->second);
      ++beginning.taken;
    } else if (std::find(backbone.begin(), backbone.end(), name) != backbone.end()) {
      const bool missing = found == given.weights.end();
      return fail(ErrorCode::mismatch,
                  fmt::format("{} {} of {}", name,
                              missing ? "is missing: these are not weights"
                                      : "has another shape: these are other weights",
                              graph.architecture));
    }
  }
  return beginning;
}

struct Unfreezing {
  int epoch = 0;
  std::string layer;
};

Result<Unfreezing> unfreezing_in(const std::string& text) {
  Unfreezing found;
  const auto equals = text.find('=');
  const auto* const begin = text.data();
  const auto* const end = begin + std::min(equals, text.size());
  const auto [stopped, error] = std::from_chars(begin, end, found.epoch);
  if (equals == std::string::npos || error != std::errc() || stopped != end ||
      equals + 1 == text.size()) {
    return fail(ErrorCode::usage, fmt::format("--unfreeze {}: not EPOCH=LAYER or EPOCH=all", text));
  }
  found.layer = text.substr(equals + 1);
  return found;
}

Error of_unfreeze(Error error, const std::string& text) {
  error.code = ErrorCode::usage;
  error.message = fmt::format("--unfreeze {}: {}", text, error.message);
  return error;
}

}  // namespace

Result<graph::NodeId> first_that_learns(const graph::Graph& graph, std::string_view freeze) {
  if (freeze == "none") return graph::NodeId{0};
  if (freeze == "backbone") return graph.features + 1;
  return graph::layer_named(graph, freeze).map_error([](Error error) {
    error.code = ErrorCode::usage;
    error.message = "--freeze: neither none nor backbone, and " + error.message;
    return error;
  });
}

Result<void> check_unfreezing(const Config& config) {
  int before = 1;
  for (const auto& text : config.unfreeze) {
    BC_ASSIGN(const auto wanted, unfreezing_in(text));
    if (config.freeze == "none") {
      return fail(ErrorCode::usage, "--unfreeze: goes with --freeze; all learns without it");
    }
    if (wanted.epoch <= before || wanted.epoch > config.epochs) {
      return fail(ErrorCode::usage, fmt::format("--unfreeze {}: epochs rise, from 2 to --epochs {}",
                                                text, config.epochs));
    }
    before = wanted.epoch;
  }
  return {};
}

Result<std::vector<LearningStage>> learning_stages(const graph::Graph& graph,
                                                   const Config& config) {
  std::vector<LearningStage> stages(1);
  BC_ASSIGN(stages.front().first, first_that_learns(graph, config.freeze));
  for (const auto& text : config.unfreeze) {
    BC_ASSIGN(const auto wanted, unfreezing_in(text));
    LearningStage stage{wanted.epoch, 0};
    if (wanted.layer != "all") {
      auto found = graph::layer_named(graph, wanted.layer);
      if (!found) return tl::unexpected(of_unfreeze(found.error(), text));
      stage.first = *found;
    }
    if (stage.first >= stages.back().first) {
      return fail(ErrorCode::usage, fmt::format("--unfreeze {}: that layer learns already", text),
                  {}, "name layers nearer to the pictures from stage to stage");
    }
    stages.push_back(stage);
  }
  return stages;
}

Result<Beginning> begin_with(const graph::Graph& graph, graph::Weights first,
                             const SourceFile& source, const image::Preprocessing& preprocessing,
                             const Limits& limits) {
  const auto name = [&](Error error) { return with_path(std::move(error), source.path); };
  BC_ASSIGN(const Bytes bytes, read_file(source.path, limits.max_file_bytes));
  const std::string hash = sha256(bytes);
  if (hash != source.sha256) {
    return fail(ErrorCode::mismatch, "is not the file that the run began with", source.path,
                "put the old file back, or start a new run");
  }
  auto given = weights_in(graph, bytes, hash, preprocessing, limits);
  if (!given) return tl::unexpected(name(std::move(given).error()));
  return laid_over(graph, std::move(first), std::move(*given)).map_error(name);
}

}  // namespace bloodcell::train
