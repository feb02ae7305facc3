#include <algorithm>
#include <filesystem>
#include <memory>

#include <nlohmann/json.hpp>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/table.hpp>
#include <bloodcell/tune/sqlite_storage.hpp>

#include "tune_settings.hpp"
#include "tune_trials.hpp"
#include "tune_workers.hpp"
#include "verbs.hpp"

namespace bloodcell::training {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSettings = "bloodcell";  // the study's attribute that holds them

struct TuneOptions {
  TuneSettings settings;
  std::string action = "run";
  std::string storage = "runs/tune/study.db";
  std::string name;  // of the study; empty: the model's, or the only one in the file
  std::string space_file;
  std::string output;
  int workers = 1;
  double timeout_s = 0;
  CLI::Option* trials = nullptr;
};

struct OpenStudy {
  std::unique_ptr<tune::Storage> storage;
  TuneSettings settings;
  tune::StudyInfo info;
};

Result<tune::StudyInfo> find_study(tune::Storage& storage, const std::string& name) {
  if (!name.empty()) return storage.find_study(name);
  BC_ASSIGN(auto all, storage.studies());
  if (all.size() == 1) return all[0];
  std::vector<std::string> names;
  for (const auto& study : all) names.push_back(study.name);
  return fail(ErrorCode::usage, fmt::format("the file holds {} studies", all.size()), {},
              all.empty() ? "begin one with bloodcell tune"
                          : fmt::format("name one with --name: {}", fmt::join(names, ", ")));
}

Result<OpenStudy> open_study(const TuneOptions& options) {
  if (!fs::exists(options.storage))
    return fail(ErrorCode::not_found, "there is no study", options.storage,
                "begin one with bloodcell tune, or name its file with --storage");
  OpenStudy open;
  BC_ASSIGN(open.storage, tune::sqlite_storage(options.storage));
  BC_ASSIGN(open.info, find_study(*open.storage, options.name));
  if (const auto kept = open.info.user_attributes.find(kSettings);
      kept != open.info.user_attributes.end()) {
    BC_ASSIGN(open.settings, settings_from_json(kept->second));
  }
  return open;
}

Result<OpenStudy> make_study(const Context& context, TuneOptions& options) {
  TuneSettings& settings = options.settings;
  settings.space = usual_space();
  if (!options.space_file.empty()) {
    BC_ASSIGN(settings.space, read_text(options.space_file, context.limits.max_json_bytes));
  }
  if (settings.data.empty())
    return fail(ErrorCode::usage, "nothing to train on", {},
                "name the pictures with --data, or go on: bloodcell tune resume");
  for (auto* path : {&settings.data, &settings.families, &settings.split}) {
    if (!path->empty()) *path = fs::absolute(*path).string();
  }
  // Whatever is wrong with the space is told before anything is made.
  BC_ASSIGN(const auto space, space_of(settings.space));
  tune::NamedValues all;
  for (const auto& parameter : space.searched) {
    const auto& range = parameter.distribution;
    all.emplace_back(parameter.name, tune::outer_of(range, tune::first_of(range)));
  }
  BC_CHECK(run_of(settings, space.fixed, all));
  BC_CHECK(sampler_of(settings, space.searched));
  const fs::path folder = fs::path(options.storage).parent_path();
  std::error_code error;
  if (!folder.empty()) fs::create_directories(folder, error);
  OpenStudy open;
  open.settings = settings;
  BC_ASSIGN(open.storage, tune::sqlite_storage(options.storage));
  const std::string name = options.name.empty() ? settings.model : options.name;
  auto made = open.storage->create_study(name, {direction_of(settings.monitor)});
  if (!made && made.error().code == ErrorCode::usage)
    made.error().remedy = "go on with it: bloodcell tune resume; or give another --name";
  BC_ASSIGN(open.info, std::move(made));
  BC_CHECK(open.storage->set_study_attribute(open.info.id, kSettings, to_json(settings)));
  return open;
}

Result<tune::Study> study_of(const OpenStudy& open) {
  BC_ASSIGN(const auto space, space_of(open.settings.space));
  BC_ASSIGN(auto sampler, sampler_of(open.settings, space.searched));
  BC_ASSIGN(auto pruner, pruner_of(open.settings));
  return tune::Study::open(*open.storage, open.info.name, open.info.directions, std::move(sampler),
                           std::move(pruner));
}

std::string told_values(const tune::TrialRecord& trial) {
  std::vector<std::string> told;
  for (const auto& parameter : trial.parameters)
    told.push_back(fmt::format("{} {}", parameter.name, tune::to_text(parameter.value())));
  return fmt::format("{}", fmt::join(told, ", "));
}

std::string told_result(const tune::TrialRecord& trial) {
  return trial.values.empty() ? "" : fmt::format("{:.4f}", trial.values[0]);
}

std::string attribute_text(const tune::TrialRecord& trial, const char* key) {
  const auto found = trial.user_attributes.find(key);
  if (found == trial.user_attributes.end()) return {};
  const auto value = tune::value_from_json(found->second);
  return value ? tune::to_text(*value) : found->second;
}

Result<std::vector<tune::TrialRecord>> trials_of(const OpenStudy& open) {
  std::vector<tune::TrialRecord> trials;
  BC_CHECK(open.storage->refresh(open.info.id, trials));
  return trials;
}

nlohmann::ordered_json json_of(const tune::TrialRecord& trial) {
  nlohmann::ordered_json document{{"number", trial.number}, {"state", tune::name_of(trial.state)}};
  document["value"] = trial.values.empty() ? nlohmann::ordered_json(nullptr)
                                           : nlohmann::ordered_json(trial.values[0]);
  document["params"] = nlohmann::ordered_json::object();
  for (const auto& parameter : trial.parameters)
    document["params"][parameter.name] =
        nlohmann::ordered_json::parse(tune::value_to_json(parameter.value()));
  document["run"] = attribute_text(trial, kRunAttribute);
  return document;
}

Result<int> show_best(const cli::Job& job, const TuneOptions& options) {
  BC_ASSIGN(const auto open, open_study(options));
  BC_ASSIGN(const auto trials, trials_of(open));
  const auto* best = tune::best_of({open.info.name, open.info.directions, trials});
  if (best == nullptr)
    return fail(ErrorCode::not_found, "no trial is complete yet", options.storage);
  const fs::path run =
      fs::path(options.storage).parent_path() / attribute_text(*best, kRunAttribute);
  if (job.json) {
    job.terminal.out << json_of(*best).dump(2) << "\n";
    return 0;
  }
  job.terminal.out << fmt::format("Trial {}, {} {} in epoch {}\n", best->number,
                                  open.settings.monitor, told_result(*best),
                                  attribute_text(*best, kEpochAttribute));
  for (const auto& parameter : best->parameters)
    job.terminal.out << fmt::format("  {} = {}\n", parameter.name,
                                    tune::to_text(parameter.value()));
  job.terminal.out << fmt::format("Next:\n  bloodcell export --run {} --output {}.onnx\n",
                                  run.string(), open.info.name);
  return 0;
}

Result<int> show_status(const cli::Job& job, const TuneOptions& options) {
  BC_ASSIGN(const auto open, open_study(options));
  BC_ASSIGN(const auto trials, trials_of(open));
  if (job.json) {
    nlohmann::ordered_json document{{"study", open.info.name},
                                    {"trials", nlohmann::ordered_json::array()}};
    for (const auto& trial : trials) document["trials"].push_back(json_of(trial));
    job.terminal.out << document.dump(2) << "\n";
    return 0;
  }
  cli::Table table({">trial", "state", ">" + open.settings.monitor, ">epochs", "settings"});
  for (const auto& trial : trials) {
    table.row({std::to_string(trial.number), std::string(tune::name_of(trial.state)),
               told_result(trial), std::to_string(trial.reports.size()), told_values(trial)});
  }
  table.print(job.terminal.out);
  const auto count = [&](tune::TrialState state) {
    return std::ranges::count(trials, state, &tune::TrialRecord::state);
  };
  job.terminal.out << fmt::format(
      "{} of {} trials: {} complete, {} pruned, {} failed, {} running, {} waiting\n", trials.size(),
      open.settings.trials, count(tune::TrialState::complete), count(tune::TrialState::pruned),
      count(tune::TrialState::failed), count(tune::TrialState::running),
      count(tune::TrialState::waiting));
  return 0;
}

Result<int> export_trials(const cli::Job& job, const TuneOptions& options) {
  BC_ASSIGN(const auto open, open_study(options));
  BC_ASSIGN(const auto trials, trials_of(open));
  std::vector<std::string> names;
  for (const auto& trial : trials) {
    for (const auto& parameter : trial.parameters) {
      if (std::ranges::find(names, parameter.name) == names.end()) names.push_back(parameter.name);
    }
  }
  std::vector<std::string> header{"number", "state",      open.settings.monitor,
                                  "epochs", "best_epoch", "run"};
  header.insert(header.end(), names.begin(), names.end());
  std::string text = csv_row(header);
  for (const auto& trial : trials) {
    std::vector<std::string> row{std::to_string(trial.number),
                                 std::string(tune::name_of(trial.state)),
                                 trial.values.empty() ? "" : tune::number_to_json(trial.values[0]),
                                 std::to_string(trial.reports.size()),
                                 attribute_text(trial, kEpochAttribute),
                                 attribute_text(trial, kRunAttribute)};
    for (const auto& name : names) {
      const auto* parameter = trial.find(name);
      row.push_back(parameter == nullptr ? "" : tune::to_text(parameter->value()));
    }
    text += csv_row(row);
  }
  if (options.output.empty()) {
    job.terminal.out << text;
  } else {
    BC_CHECK(write_text(options.output, text));
  }
  return 0;
}

// What a worker is started with; the study tells it the rest.
std::vector<std::string> worker_arguments(const cli::Job& job, const TuneOptions& options,
                                          const OpenStudy& open) {
  const unsigned threads =
      std::max(1U, job.context.pool.size() / static_cast<unsigned>(options.workers));
  std::vector<std::string> arguments{
      "tune",   "resume",       "--storage", options.storage,
      "--name", open.info.name, "--threads", std::to_string(threads)};
  if (options.timeout_s > 0) {
    arguments.push_back("--timeout");
    arguments.push_back(fmt::format("{}", options.timeout_s));
  }
  if (job.json) arguments.push_back("--quiet-trials");
  return arguments;
}

Result<int> work(const cli::Job& job, const TuneOptions& options, OpenStudy open, bool is_quiet) {
  BC_ASSIGN(auto study, study_of(open));
  TuneWorkers others;
  for (int i = 1; i < options.workers; ++i)
    BC_CHECK(others.start(worker_arguments(job, options, open)));
  TuneWork what{fs::path(options.storage).parent_path(),
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
          fmt::format("go on with: bloodcell tune resume --storage {}", options.storage);
    return tl::unexpected(std::move(worked).error());
  }
  return others.wait() > 0 ? 1 : 0;
}

Result<int> run_tune(const cli::Job& job, TuneOptions options, bool is_quiet) {
  if (options.action == "status") return show_status(job, options);
  if (options.action == "best") return show_best(job, options);
  if (options.action == "export") return export_trials(job, options);
  const int trials = options.settings.trials;
  BC_ASSIGN(auto open,
            options.action == "run" ? make_study(job.context, options) : open_study(options));
  if (open.settings.space.empty())
    return fail(ErrorCode::usage, "the study was not begun by bloodcell tune", options.storage);
  if (options.trials->count() > 0 && open.settings.trials != trials) {
    open.settings.trials = trials;
    BC_CHECK(open.storage->set_study_attribute(open.info.id, kSettings, to_json(open.settings)));
  }
  BC_ASSIGN(const int status, work(job, options, std::move(open), is_quiet || job.json));
  if (!is_quiet) {
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

cli::Action set_up(CLI::App& command) {
  auto options = std::make_shared<TuneOptions>();
  auto is_quiet = std::make_shared<bool>(false);
  TuneSettings& settings = options->settings;
  command
      .add_option("action", options->action,
                  "run a new search, resume it, or show its status, its best trial, its trials as "
                  "CSV (export)")
      ->check(CLI::IsMember({"run", "resume", "status", "best", "export"}))
      ->capture_default_str();
  command
      .add_option("--storage", options->storage,
                  "the study's file, which Optuna opens, too; runs lie beside it")
      ->type_name("FILE")
      ->capture_default_str();
  command.add_option("--name", options->name, "of the study; without it the model's");
  command.add_option("--model", settings.model, "the network: see bloodcell models")
      ->capture_default_str();
  add_data(command, settings);
  command
      .add_option("--space", options->space_file,
                  "TOML of ranges and fixed settings; without it rate, weight decay and label "
                  "smoothing")
      ->type_name("FILE");
  command.add_option("--size", settings.size, "input of the network, as 320x240");
  command.add_option("--epochs", settings.epochs, "of a trial, at most")->capture_default_str();
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
      ->check(CLI::IsMember({"tpe", "tpe-univariate", "random", "sobol", "grid"}))
      ->capture_default_str();
  command.add_option("--pruner", settings.pruner, "when a trial is given up")
      ->check(CLI::IsMember({"median", "halving", "hyperband", "none"}))
      ->capture_default_str();
  command
      .add_option("--warmup-epochs", settings.warmup_epochs, "that the median pruner never judges")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--seed", settings.seed, "of the search, and of every run")
      ->capture_default_str();
  command
      .add_option("-o,--output", options->output, "where export writes; without it the terminal")
      ->type_name("FILE");
  command.add_flag("--quiet-trials", *is_quiet, "print nothing of trials, nor the best one");
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
