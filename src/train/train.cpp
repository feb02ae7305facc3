#include <bloodcell/train/train.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/folder_lock.hpp>
#include <bloodcell/graph/backbone.hpp>
#include <bloodcell/nn/network.hpp>
#include <bloodcell/train/sampling.hpp>
#include <bloodcell/train/teachers.hpp>
#include <bloodcell/train/tensorboard.hpp>
#include <bloodcell/train/transfer.hpp>

#include "loop.hpp"
#include "source_check.hpp"

namespace bloodcell::train {
namespace {

namespace fs = std::filesystem;

Result<Parts> parts_of(const data::Dataset& dataset, const data::Split& split) {
  if (dataset.labels != split.labels) {
    return fail(ErrorCode::mismatch, "the classes of the data are not those of the split",
                dataset.root.string());
  }
  Parts parts;
  BC_ASSIGN(parts.train, data::samples_of(dataset, split, "train"));
  BC_ASSIGN(parts.validation, data::samples_of(dataset, split, "validation"));
  BC_CHECK(check_complete(dataset, split, "train", parts.train));
  BC_CHECK(check_complete(dataset, split, "validation", parts.validation));
  if (!parts.train.empty() && !parts.validation.empty()) return parts;
  return fail(ErrorCode::usage, "the split has no pictures to train on, or none to watch with", {},
              "make one with parts `train` and `validation`");
}

OptimiserKind optimiser_named(const std::string& name) {
  if (name == "sgd") return OptimiserKind::sgd;
  return name == "adam" ? OptimiserKind::adam : OptimiserKind::adamw;
}

Result<LearnerOptions> learner_options(const Config& config, const data::Dataset& dataset,
                                       const Parts& parts) {
  LearnerOptions options;
  options.backbone_rate_factor = config.backbone_rate_factor;
  options.distillation_weight = config.distillation_weight;
  options.distillation_temperature = config.distillation_temperature;
  options.optimiser = {optimiser_named(config.optimiser), config.momentum, config.nesterov};
  options.weight_decay = config.weight_decay;
  options.label_smoothing = config.label_smoothing;
  BC_ASSIGN(options.class_weights, class_weights_of(config.class_weights, dataset, parts.train));
  options.clip_norm = config.clip_norm;
  options.accumulate = config.accumulate;
  options.ema_decay = config.ema_decay;
  options.device = config.device;
  return options;
}

// Temporary files of a process that was killed while it wrote.
void remove_leftovers(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(".") && name.ends_with(".part")) fs::remove(entry.path(), error);
  }
}

// A checkpoint of a large network may be larger than what we read from strangers.
Limits checkpoint_limits(Limits limits, const graph::Graph& graph) {
  constexpr std::uint64_t kStateBytes = 64ULL << 20;
  const auto tensors = 4 * sizeof(float) * static_cast<std::uint64_t>(graph.parameter_count());
  limits.max_file_bytes = std::max(limits.max_file_bytes, tensors + kStateBytes);
  return limits;
}

// What weights of ImageNet expect of a picture, which is what an input norm begins with.
void expect_the_usual(graph::Weights& weights, const image::Preprocessing& preprocessing) {
  constexpr double kMean = 0.449 * 255;
  constexpr double kDeviation = 0.226 * 255;
  const auto layer = std::string(graph::kInputNorm);
  for (std::size_t channel = 0; channel < preprocessing.mean.size(); ++channel) {
    const double deviation = preprocessing.deviation[channel];
    weights.at(layer + ".weight").values[channel] = static_cast<float>(kDeviation / deviation);
    weights.at(layer + ".bias").values[channel] =
        static_cast<float>((kMean - preprocessing.mean[channel]) / deviation);
  }
}

// Of the file that the run begins with, if there is one; a checkpoint needs none.
Result<graph::Weights> first_weights(const Context& context, const RunDirectory& run,
                                     const graph::Graph& graph) {
  const Config& config = run.config();
  auto drawn = nn::initial_weights(graph, config.seed);
  if (config.input_norm) expect_the_usual(drawn, config.preprocessing);
  std::error_code error;
  if (config.weights.path.empty() || fs::exists(run.last_checkpoint(), error)) return drawn;
  BC_ASSIGN(auto beginning,
            begin_with(graph, std::move(drawn), config.weights, config.preprocessing,
                       checkpoint_limits(context.limits, graph)));
  if (!beginning.remark.empty()) context.log.warning("{}", beginning.remark);
  context.log.info("{} of {} tensors begin as {} has them", beginning.taken,
                   beginning.weights.size(), config.weights.path);
  return std::move(beginning.weights);
}

Result<KeptFeatures> kept_features(const Context& context, const Config& config,
                                   const graph::Graph& graph, const Parts& parts) {
  BC_ASSIGN(const int variants,
            variants_to_keep(context, config, graph, parts.train.size(), parts.validation.size()));
  if (variants == 0) return KeptFeatures{};
  const auto seam = graph::seam_after(graph, graph.features);
  const auto values = static_cast<std::size_t>(graph.nodes[seam].shape.values());
  return KeptFeatures{std::make_unique<Features>(parts.train.size(), variants, values),
                      std::make_unique<Features>(parts.validation.size(), 1, values)};
}

// For TensorBoard, once a run.
Result<void> write_settings(const RunDirectory& run) {
  const auto path = event_file(run.folder(), 0);
  std::error_code error;
  if (fs::exists(path, error)) return {};
  BC_ASSIGN(const auto events, settings_as_events(run.config(), seconds_since_1970()));
  return write_file(path, events);
}

// Process 0's, in all.
Result<graph::Weights> shared(Group& group, graph::Weights weights, const Limits& limits) {
  if (group.size() == 1) return weights;
  const auto own = graph::write_safetensors({std::move(weights), {}});
  BC_ASSIGN(const auto bytes,
            group.from_first({reinterpret_cast<const char*>(own.data()), own.size()}));
  BC_ASSIGN(auto file, graph::read_safetensors(std::as_bytes(std::span(bytes)), limits));
  return std::move(file.weights);
}

Result<void> check_parts(const Config& config, const Group& group) {
  if (config.accumulate * group.size() <= config.batch) return {};
  return fail(ErrorCode::usage,
              fmt::format("--batch {} cannot be divided among {} processes with --accumulate {}",
                          config.batch, group.size(), config.accumulate),
              {}, "give each process at least one picture of a batch");
}

Result<Summary> train_run(const Context& context, const RunDirectory& run,
                          const data::Dataset& dataset, const EpochListener& on_epoch,
                          Group& group) {
  const Config& config = run.config();
  BC_CHECK(check(config));
  if (group.size() > 1) BC_CHECK(check_parts(config, group));
  BC_ASSIGN(const auto parts, parts_of(dataset, run.split()));
  BC_CHECK(check_contents(context, dataset, run.split(), parts.train));
  BC_CHECK(check_contents(context, dataset, run.split(), parts.validation));

  nn::set_torch_threads(context.pool.size());
  BC_ASSIGN(const auto graph, graph_of(config, dataset.labels));
  BC_ASSIGN(auto options, learner_options(config, dataset, parts));
  BC_ASSIGN(auto stages, learning_stages(graph, config));
  options.learns_from = stages.back().first;
  if (config.freeze_norm) options.keeps_statistics_before = graph.features + 1;
  BC_ASSIGN(auto features, kept_features(context, config, graph, parts));
  if (features.train) options.begins_after = graph::seam_after(graph, graph.features);
  graph::Weights first;
  if (group.leads()) {
    BC_ASSIGN(first, first_weights(context, run, graph));
  }
  const Limits limits = checkpoint_limits(context.limits, graph);
  BC_ASSIGN(const auto weights, shared(group, std::move(first), limits));
  BC_ASSIGN(auto learner, Learner::make(graph, weights, options, &group));
  std::optional<Teachers> teachers;
  if (!config.teachers.empty()) {
    BC_ASSIGN(teachers,
              Teachers::open(context, config.teachers, config.preprocessing, dataset.labels));
  }
  context.log.info("{} on {}, {} parameters, {} pictures to learn from, {} to watch with",
                   config.architecture, learner.device(), graph.parameter_count(),
                   parts.train.size(), parts.validation.size());
  if (group.leads()) remove_leftovers(run.folder());
  if (config.tensorboard && group.leads()) {
    remove_leftovers(event_file(run.folder(), 0).parent_path());
    BC_CHECK(write_settings(run));
  }
  Loop loop(context, run, dataset, parts, std::move(learner), std::move(teachers),
            std::move(features), std::move(stages), group);
  BC_CHECK(loop.resume(limits));
  BC_ASSIGN(const auto summary, loop.run(on_epoch));
  if (!group.leads()) return summary;
  BC_CHECK(write_text(run.folder() / "summary.json", to_json(summary).dump(2) + "\n"));
  return summary;
}

Result<Summary> train_alone_in_its_folder(const Context& context, const RunDirectory& run,
                                          const data::Dataset& dataset,
                                          const EpochListener& on_epoch, Group& group) {
  data::Dataset known = dataset;
  data::adopt_families(known, run.split());
  if (group.leads()) {
    BC_ASSIGN(const auto lock, FolderLock::take(run.folder()));
    return train_run(context, run, known, on_epoch, group);
  }
  const Log silent;
  const Context quiet{silent, context.limits, context.pool, context.cancellation, no_progress()};
  return train_run(quiet, run, known, {}, group);
}

}  // namespace

nlohmann::json to_json(const Summary& summary) {
  return {{"best_epoch", summary.best_epoch},
          {"epochs_run", summary.epochs_run},
          {"stopped_early", summary.stopped_early},
          {"seconds", summary.seconds},
          {"best", to_json(summary.best)}};
}

Result<Summary> train(const Context& context, const RunDirectory& run, const data::Dataset& dataset,
                      const EpochListener& on_epoch, Group* group) {
  Group one;
  Group& together = group != nullptr ? *group : one;
  auto summary = train_alone_in_its_folder(context, run, dataset, on_epoch, together);
  if (summary) return summary;
  Error error = std::move(summary).error();
  together.leave(error);
  if (error.code != ErrorCode::cancelled && !together.is_broken()) return tl::unexpected(error);
  error.remedy = fmt::format("resume with: bloodcell train --resume {}{}", run.folder().string(),
                             together.size() > 1 ? ", started as before in all processes" : "");
  return tl::unexpected(std::move(error));
}

}  // namespace bloodcell::train
