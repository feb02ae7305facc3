#include <bloodcell/train/train.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/nn/network.hpp>

#include "history.hpp"
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
  if (!parts.train.empty() && !parts.validation.empty()) return parts;
  return fail(ErrorCode::usage, "the split has no pictures to train on, or none to watch with", {},
              "make one with parts `train` and `validation`");
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
  const auto tensors = 3 * sizeof(float) * static_cast<std::uint64_t>(graph.parameter_count());
  limits.max_file_bytes = std::max(limits.max_file_bytes, tensors + kStateBytes);
  return limits;
}

Result<void> write_summary(const RunDirectory& run, const Summary& summary,
                           const std::vector<EpochRecord>& history) {
  const double seconds =
      std::accumulate(history.begin(), history.end(), 0.0,
                      [](double sum, const EpochRecord& record) { return sum + record.seconds; });
  const nlohmann::json json{{"best_epoch", summary.best_epoch},
                            {"epochs_run", summary.epochs_run},
                            {"stopped_early", summary.stopped_early},
                            {"seconds", seconds},
                            {"best", to_json(summary.best)}};
  return write_text(run.folder() / "summary.json", json.dump(2) + "\n");
}

}  // namespace

Result<Summary> train(const Context& context, const RunDirectory& run, const data::Dataset& dataset,
                      const EpochListener& on_epoch) {
  const Config& config = run.config();
  BC_CHECK(check(config));
  data::Dataset known = dataset;
  data::adopt_families(known, run.split());
  BC_ASSIGN(const auto parts, parts_of(known, run.split()));
  BC_CHECK(check_contents(context, known, run.split(), parts.train));
  BC_CHECK(check_contents(context, known, run.split(), parts.validation));

  nn::set_torch_threads(context.pool.size());
  BC_ASSIGN(const auto graph, graph_of(config, known.labels));
  BC_ASSIGN(auto learner,
            Learner::make(graph, nn::initial_weights(graph, config.seed),
                          {config.weight_decay, config.label_smoothing, config.device}));
  context.log.info("{} on {}, {} parameters, {} pictures to learn from, {} to watch with",
                   config.architecture, learner.device(), graph.parameter_count(),
                   parts.train.size(), parts.validation.size());
  remove_leftovers(run.folder());
  Loop loop(context, run, known, parts, std::move(learner));
  BC_CHECK(loop.resume(checkpoint_limits(context.limits, graph)));
  BC_ASSIGN(const auto summary, loop.run(on_epoch));
  BC_ASSIGN(const auto history, run.read_history(context.limits));
  BC_CHECK(write_summary(run, summary, history));
  return summary;
}

}  // namespace bloodcell::train
