#include <bloodcell/train/train.hpp>

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/nn/network.hpp>
#include <bloodcell/train/sampling.hpp>

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

Result<Summary> train_run(const Context& context, const RunDirectory& run,
                          const data::Dataset& dataset, const EpochListener& on_epoch) {
  const Config& config = run.config();
  BC_CHECK(check(config));
  BC_ASSIGN(const auto parts, parts_of(dataset, run.split()));
  BC_CHECK(check_contents(context, dataset, run.split(), parts.train));
  BC_CHECK(check_contents(context, dataset, run.split(), parts.validation));

  nn::set_torch_threads(context.pool.size());
  BC_ASSIGN(const auto graph, graph_of(config, dataset.labels));
  BC_ASSIGN(const auto options, learner_options(config, dataset, parts));
  BC_ASSIGN(auto learner, Learner::make(graph, nn::initial_weights(graph, config.seed), options));
  context.log.info("{} on {}, {} parameters, {} pictures to learn from, {} to watch with",
                   config.architecture, learner.device(), graph.parameter_count(),
                   parts.train.size(), parts.validation.size());
  remove_leftovers(run.folder());
  Loop loop(context, run, dataset, parts, std::move(learner));
  BC_CHECK(loop.resume(checkpoint_limits(context.limits, graph)));
  BC_ASSIGN(const auto summary, loop.run(on_epoch));
  BC_CHECK(write_text(run.folder() / "summary.json", to_json(summary).dump(2) + "\n"));
  return summary;
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
                      const EpochListener& on_epoch) {
  data::Dataset known = dataset;
  data::adopt_families(known, run.split());
  auto summary = train_run(context, run, known, on_epoch);
  if (summary || summary.error().code != ErrorCode::cancelled) return summary;
  Error error = std::move(summary).error();
  error.remedy = fmt::format("resume with: bloodcell train --resume {}", run.folder().string());
  return tl::unexpected(std::move(error));
}

}  // namespace bloodcell::train
