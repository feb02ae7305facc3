#include "tune_retrain.hpp"

#include <filesystem>
#include <utility>

#include <bloodcell/train/train.hpp>

#include "tune_trials.hpp"

namespace bloodcell::training {

namespace fs = std::filesystem;

Result<int> retrain_best(const cli::Job& job, const TuneOptions& options) {
  BC_ASSIGN(auto open, open_study(options));
  TuneSettings& settings = open.settings;
  if (settings.space.empty())
    return fail(ErrorCode::usage, "the study was not begun by bloodcell tune",
                shown_storage(options));
  std::vector<tune::TrialRecord> trials;
  BC_CHECK(open.storage->refresh(open.info.id, trials));
  const auto* best = tune::best_of({open.info.name, open.info.directions, trials});
  if (best == nullptr)
    return fail(ErrorCode::not_found, "no trial is complete yet", shown_storage(options));
  if (options.epochs->count() > 0) settings.epochs = options.settings.epochs;
  if (!options.settings.data.empty()) settings.data = fs::absolute(options.settings.data).string();
  BC_ASSIGN(const auto space, space_of(settings.space));
  tune::NamedValues values;
  for (const auto& parameter : best->parameters)
    values.emplace_back(parameter.name, parameter.value());
  BC_ASSIGN(auto run, run_of(settings, space.fixed, values));
  const fs::path folder = folder_of(options);
  run.run = (folder / (file_name_of(open.info.name) + "-retrained")).string();
  BC_ASSIGN(const auto opened, start_or_reopen(job.context, run));
  BC_ASSIGN(const auto summary, train::train(job.context, opened.directory, opened.dataset));
  const double figure = monitored(summary.best, settings.monitor);
  if (job.json) {
    job.terminal.out << fmt::format(
        "{{\"trial\": {}, \"run\": {}, \"best_epoch\": {}, \"value\": {}}}\n", best->number,
        tune::value_to_json(tune::Value{run.run}), summary.best_epoch,
        tune::number_to_json(figure));
    return 0;
  }
  job.terminal.out << fmt::format(
      "The settings of trial {}: {} {:.4f} in epoch {} of {}.\nNext:\n  bloodcell export --run {} "
      "--output {}.onnx\n",
      best->number, settings.monitor, figure, summary.best_epoch, settings.epochs, run.run,
      open.info.name);
  return 0;
}

}  // namespace bloodcell::training
