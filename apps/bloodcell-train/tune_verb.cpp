#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>

#include <bloodcell/base/files.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/data/split.hpp>
#include <bloodcell/database/postgres.hpp>
#include <bloodcell/tune/database_storage.hpp>

#include "tune_retrain.hpp"
#include "tune_settings.hpp"
#include "tune_trials.hpp"
#include "tune_views.hpp"
#include "tune_workers.hpp"
#include "verbs.hpp"

namespace bloodcell::training {
namespace {

namespace fs = std::filesystem;

// Epochs are pruned by comparing epochs, folds by comparing folds.
Result<void> check_folds(const TuneSettings& settings) {
  const bool of_epochs =
      settings.pruner == "median" || settings.pruner == "halving" || settings.pruner == "hyperband";
  if (settings.folds > 0 && of_epochs)
    return fail(ErrorCode::usage, fmt::format("--pruner {} judges epochs", settings.pruner), {},
                "with --folds a trial reports a figure a fold: take wilcoxon or none");
  if (settings.folds == 0 && settings.pruner == "wilcoxon")
    return fail(ErrorCode::usage, "--pruner wilcoxon judges folds", {}, "give --folds, too");
  return {};
}

std::optional<tune::Revision> revision_of(const TuneOptions& options) {
  if (options.old_tables) return tune::Revision::v3_0_0_d;
  return std::nullopt;
}

Result<OpenStudy> make_study(const Context& context, TuneOptions& options) {
  TuneSettings& settings = options.settings;
  BC_CHECK(check_folds(settings));
  settings.space = usual_space(!settings.weights.empty());
  if (!options.space_file.empty()) {
    BC_ASSIGN(settings.space, read_text(options.space_file, context.limits.max_json_bytes));
  }
  if (settings.data.empty())
    return fail(ErrorCode::usage, "nothing to train on", {},
                "name the pictures with --data, or go on: bloodcell tune resume");
  for (auto* path : {&settings.data, &settings.families, &settings.split, &settings.weights}) {
    if (!path->empty()) *path = fs::absolute(*path).string();
  }
  // What is wrong with the space's first values or the data is told before anything is made.
  BC_ASSIGN(const auto space, space_of(settings.space));
  tune::NamedValues all;
  for (const auto& parameter : space.searched) {
    const auto& range = parameter.distribution;
    all.emplace_back(parameter.name, tune::outer_of(range, tune::first_of(range)));
  }
  BC_ASSIGN(const auto first, run_of(settings, space.fixed, all));
  BC_CHECK(config_of(context, first));
  std::vector<std::string> labels;
  if (!settings.split.empty()) {
    BC_ASSIGN(const auto split, data::load_split(settings.split, context.limits));
    labels = split.labels;
  }
  BC_CHECK(data::open_dataset(context, settings.data, {settings.families, labels}));
  BC_CHECK(sampler_of(settings, space.searched));
  std::vector<fs::path> folders{folder_of(options)};
  if (!database::is_postgres_url(options.storage))
    folders.push_back(fs::path(options.storage).parent_path());
  for (const fs::path& folder : folders) {
    std::error_code error;
    if (!folder.empty()) fs::create_directories(folder, error);
  }
  OpenStudy open;
  open.settings = settings;
  BC_ASSIGN(open.storage, tune::open_storage(options.storage, revision_of(options)));
  const std::string name = options.name.empty() ? settings.model : options.name;
  auto made = open.storage->create_study(name, {direction_of(settings.monitor)});
  if (!made && made.error().code == ErrorCode::usage)
    made.error().remedy = "go on with it: bloodcell tune resume; or give another --name";
  BC_ASSIGN(open.info, std::move(made));
  BC_CHECK(open.storage->set_study_attribute(open.info.id, kSettingsAttribute, to_json(settings)));
  return open;
}

Result<tune::Study> study_of(const OpenStudy& open) {
  BC_ASSIGN(const auto space, space_of(open.settings.space));
  BC_ASSIGN(auto sampler, sampler_of(open.settings, space.searched));
  BC_ASSIGN(auto pruner, pruner_of(open.settings));
  return tune::Study::open(*open.storage, open.info.name, open.info.directions, std::move(sampler),
                           std::move(pruner));
}

// What a worker is started with; the study tells it the rest.
std::vector<std::string> worker_arguments(const cli::Job& job, const TuneOptions& options,
                                          const OpenStudy& open) {
  const unsigned threads =
      std::max(1U, job.context.pool.size() / static_cast<unsigned>(options.workers));
  std::vector<std::string> arguments{
      "tune",   "resume",       "--storage", options.storage,
      "--name", open.info.name, "--threads", std::to_string(threads)};
  if (!options.runs.empty()) arguments.insert(arguments.end(), {"--runs", options.runs});
  if (options.timeout_s > 0) {
    arguments.push_back("--timeout");
    arguments.push_back(fmt::format("{}", options.timeout_s));
  }
  const Limits& limits = job.context.limits;
  for (const auto& [option, limit] :
       {std::pair{"--max-file-bytes", limits.max_file_bytes},
        std::pair{"--max-pixels", limits.max_pixels}, std::pair{"--max-files", limits.max_files}}) {
    arguments.insert(arguments.end(), {option, fmt::format("{}", limit)});
  }
  arguments.push_back(job.json ? "--quiet-trials" : "--quiet-best");
  return arguments;
}

Result<int> work(const cli::Job& job, const TuneOptions& options, OpenStudy open, bool is_quiet) {
  BC_ASSIGN(auto study, study_of(open));
  TuneWorkers others;
  for (int i = 1; i < options.workers; ++i)
    BC_CHECK(others.start(worker_arguments(job, options, open)));
  TuneWork what{folder_of(options),
                open.info.name,
                open.settings,
                std::chrono::duration<double>(options.timeout_s),
                {}};
  what.after_trial = [&](const tune::TrialRecord& trial) {
    if (is_quiet) return;
    job.terminal.out << fmt::format("trial {:>3}  {:<8}  {:>8}  {}\n", trial.number,
                                    tune::name_of(trial.state), told_result(trial),
                                    told_values(trial))
                     << std::flush;
  };
  auto worked = work_on(job.context, study, what);
  if (!worked) {
    if (worked.error().code == ErrorCode::cancelled)
      worked.error().remedy =
          fmt::format("go on with: bloodcell tune resume --storage {}", shown_storage(options));
    return tl::unexpected(std::move(worked).error());
  }
  return others.wait() > 0 ? 1 : 0;
}

// A configuration file may hold usual values of options that are not of this action.
bool says_something(const CLI::Option& option) {
  if (option.count() == 0) return false;
  const auto& texts = option.results();
  return texts.size() != 1 || (texts[0] != option.get_default_str() && texts[0] != "false");
}

// A resumed search keeps its settings, and what only looks changes nothing.
Result<void> check_used(const TuneOptions& options) {
  for (const auto& [option, actions] : options.of_actions) {
    if (!says_something(*option) || actions.find(options.action) != std::string_view::npos)
      continue;
    return fail(
        ErrorCode::usage,
        fmt::format("{} has no effect on tune {}", option->get_name(false, true), options.action),
        {}, fmt::format("leave it out; it is of: {}", actions));
  }
  return {};
}

Result<int> run_tune(const cli::Job& job, TuneOptions options, bool is_quiet) {
  BC_CHECK(check_used(options));
  if (options.action == "status") return show_status(job, options);
  if (options.action == "best") return show_best(job, options);
  if (options.action == "export") return export_trials(job, options);
  if (options.action == "report") return write_report(options);
  if (options.action == "retrain") return retrain_best(job, options);
  const int trials = options.settings.trials;
  const std::string data = options.settings.data;
  BC_ASSIGN(auto open,
            options.action == "run" ? make_study(job.context, options) : open_study(options));
  if (open.settings.space.empty())
    return fail(ErrorCode::usage, "the study was not begun by bloodcell tune",
                shown_storage(options));
  options.name = open.info.name;
  const bool moved = options.action == "resume" && !data.empty();
  if (moved || (options.trials->count() > 0 && open.settings.trials != trials)) {
    if (options.trials->count() > 0) open.settings.trials = trials;
    if (moved) open.settings.data = fs::absolute(data).string();
    BC_CHECK(open.storage->set_study_attribute(open.info.id, kSettingsAttribute,
                                               to_json(open.settings)));
  }
  BC_ASSIGN(const int status, work(job, options, std::move(open), is_quiet || job.json));
  if (!is_quiet && !options.quiet_best) {
    if (!job.json) job.terminal.out << "\n";
    BC_ASSIGN(const int shown, show_best(job, options));
    return std::max(status, shown);
  }
  return status;
}

void add_data(CLI::App& command, TuneSettings& settings) {
  command
      .add_option("--data", settings.data, "folder of class folders (or TRAIN, TEST), or manifest")
      ->type_name("PATH");
  command
      .add_option("--families", settings.families,
                  "CSV of file,family: pictures of one cell stay together")
      ->type_name("FILE");
  command
      .add_option("--split", settings.split,
                  "made by bloodcell data split; without it, one by "
                  "family")
      ->type_name("FILE");
  command.add_option("--test-part", settings.test_part,
                     "a published part (TEST) that no trial sees");
  command
      .add_option("--validation", settings.validation,
                  "share of pictures that trials are "
                  "judged on")
      ->capture_default_str();
  command.add_option("--test", settings.test, "share of pictures that no trial sees")
      ->capture_default_str();
  command.add_flag("--allow-leak", settings.allow_leak,
                   "search on a split with a family on two sides");
}

// Settings are of a new search, but for those named here.
void note_actions(const CLI::App& command, const std::vector<const CLI::Option*>& common,
                  TuneOptions& options) {
  const std::map<std::string, std::string_view> others{
      {"action", "run resume status best export report retrain"},
      {"--storage", "run resume status best export report retrain"},
      {"--name", "run resume status best export report retrain"},
      {"--runs", "run resume best retrain"},
      {"--data", "run resume retrain"},
      {"--epochs", "run retrain"},
      {"--trials", "run resume"},
      {"--workers", "run resume"},
      {"--timeout", "run resume"},
      {"--quiet-trials", "run resume"},
      {"--quiet-best", "run resume"},
      {"--output", "export report"},
      {"--complete", "report"},
      {"--best", "report"}};
  for (const auto* option : command.get_options()) {
    if (std::ranges::find(common, option) != common.end()) continue;
    const auto found = others.find(option->get_name());
    options.of_actions.emplace_back(option, found == others.end() ? "run" : found->second);
  }
}

cli::Action set_up(CLI::App& command) {
  const std::vector<const CLI::Option*> common = std::as_const(command).get_options();
  auto options = std::make_shared<TuneOptions>();
  auto is_quiet = std::make_shared<bool>(false);
  TuneSettings& settings = options->settings;
  command
      .add_option("action", options->action,
                  "run a new search, resume it, or show its status, its best trial, its trials as "
                  "CSV (export), a page with plots (report), train its best again (retrain)")
      ->check(CLI::IsMember({"run", "resume", "status", "best", "export", "report", "retrain"}))
      ->capture_default_str();
  command
      .add_option("--storage", options->storage,
                  "the study's file, which Optuna opens, too; or, for workers on several machines, "
                  "postgresql://USER@HOST/DATABASE")
      ->type_name("FILE|URL")
      ->capture_default_str();
  command.add_flag(
      "--old-tables", options->old_tables,
      "make a new study's tables as Optuna 3.0 and 3.1 do (Debian 12's), which open no "
      "others; later ones open them after `optuna storage upgrade`");
  command
      .add_option("--runs", options->runs,
                  "folder of the runs; without it the one of the study's file, for a URL runs/tune")
      ->type_name("FOLDER");
  command.add_option("--name", options->name, "of the study; without it the model's");
  command.add_option("--model", settings.model, "the network: see bloodcell models")
      ->capture_default_str();
  command
      .add_option("--weights", settings.weights,
                  "published weights of the network that every trial begins with")
      ->type_name("FILE");
  add_data(command, settings);
  command
      .add_option("--space", options->space_file,
                  "TOML of ranges and fixed settings; without it rate, weight decay and label "
                  "smoothing, with --weights a head on a frozen backbone")
      ->type_name("FILE");
  command.add_option("--size", settings.size, "input of the network, as 320x240");
  options->epochs = command
                        .add_option("--epochs", settings.epochs,
                                    "of a trial, at most; of retrain, without it those of a trial")
                        ->capture_default_str();
  command
      .add_option("--folds", settings.folds,
                  "judge a trial by the mean over so many folds by family; 0: by one part")
      ->check(CLI::IsMember({0}) | CLI::Range(3, 20))
      ->capture_default_str();
  command.add_option("--device", settings.device, "auto takes CUDA where the libtorch has it")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  command
      .add_option("--monitor", settings.monitor,
                  "what a trial is judged by, at its best epoch on the validation families")
      ->check(CLI::IsMember({"validation_loss", "validation_accuracy", "validation_macro_f1"}))
      ->capture_default_str();
  options->trials =
      command.add_option("--trials", settings.trials, "that the study shall have in all")
          ->check(CLI::PositiveNumber)
          ->capture_default_str();
  command.add_option("--workers", options->workers, "processes that share the work and --threads")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command
      .add_option("--timeout", options->timeout_s, "begin no trial after so many seconds; 0: none")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--sampler", settings.sampler, "how the next trial is chosen")
      ->check(CLI::IsMember({"tpe", "tpe-univariate", "gp", "nsga2", "random", "sobol", "grid"}))
      ->capture_default_str();
  command
      .add_option("--pruner", settings.pruner,
                  "when a trial is given up; usual: median, with folds wilcoxon")
      ->check(CLI::IsMember({"usual", "median", "halving", "hyperband", "wilcoxon", "none"}))
      ->capture_default_str();
  command
      .add_option("--warmup-epochs", settings.warmup_epochs, "that the median pruner never judges")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--seed", settings.seed, "of the search, and of every run")
      ->capture_default_str();
  command
      .add_option("-o,--output", options->output, "of export, without it the terminal; of report")
      ->type_name("FILE");
  command.add_flag("--complete", options->page.complete_only,
                   "report only trials that are complete");
  command.add_option("--best", options->page.best_only, "report only so many of the best; 0: all")
      ->capture_default_str();
  command.add_flag("--quiet-trials", *is_quiet, "print nothing of trials, nor the best one");
  command.add_flag("--quiet-best", options->quiet_best, "do not print the best one at the end");
  note_actions(command, common, *options);
  return [options, is_quiet](const cli::Job& job) { return run_tune(job, *options, *is_quiet); };
}

}  // namespace

cli::Verb tune_verb() {
  return {"tune", "Search for the settings that train a network best",
          "  bloodcell tune --model compact --data cells/ --families families.csv --trials 30 \\\n"
          "      --space space.toml --workers 2\n"
          "  bloodcell tune status\n"
          "  bloodcell tune resume --trials 50\n"
          "  bloodcell tune best",
          set_up};
}

}  // namespace bloodcell::training
