#include "tune_views.hpp"

#include <algorithm>
#include <filesystem>

#include <nlohmann/json.hpp>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/table.hpp>
#include <bloodcell/database/postgres.hpp>
#include <bloodcell/tune/database_storage.hpp>

#include "tune_trials.hpp"

namespace bloodcell::training {
namespace {

namespace fs = std::filesystem;

Result<tune::StudyInfo> find_study(tune::Storage& storage, const std::string& name) {
  if (!name.empty()) return storage.find_study(name);
  BC_ASSIGN(auto all, storage.studies());
  if (all.size() == 1) return all[0];
  std::vector<std::string> names;
  for (const auto& study : all) names.push_back(study.name);
  return fail(ErrorCode::usage, fmt::format("the storage holds {} studies", all.size()), {},
              all.empty() ? "begin one with bloodcell tune"
                          : fmt::format("name one with --name: {}", fmt::join(names, ", ")));
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

}  // namespace

fs::path folder_of(const TuneOptions& options) {
  if (!options.runs.empty()) return options.runs;
  if (database::is_postgres_url(options.storage)) return "runs/tune";
  return fs::path(options.storage).parent_path();
}

std::string shown_storage(const TuneOptions& options) {
  if (!database::is_postgres_url(options.storage)) return options.storage;
  return fmt::format("'{}'", database::without_password(options.storage));
}

Result<OpenStudy> open_study(const TuneOptions& options) {
  if (!database::is_postgres_url(options.storage) && !fs::exists(options.storage))
    return fail(ErrorCode::not_found, "there is no study", options.storage,
                "begin one with bloodcell tune, or name its file with --storage");
  OpenStudy open;
  BC_ASSIGN(open.storage, tune::open_storage(options.storage));
  BC_ASSIGN(open.info, find_study(*open.storage, options.name));
  if (const auto kept = open.info.user_attributes.find(kSettingsAttribute);
      kept != open.info.user_attributes.end()) {
    BC_ASSIGN(open.settings, settings_from_json(kept->second));
  }
  return open;
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

Result<int> show_best(const cli::Job& job, const TuneOptions& options) {
  BC_ASSIGN(const auto open, open_study(options));
  BC_ASSIGN(const auto trials, trials_of(open));
  const auto* best = tune::best_of({open.info.name, open.info.directions, trials});
  if (best == nullptr)
    return fail(ErrorCode::not_found, "no trial is complete yet", shown_storage(options));
  const fs::path run = folder_of(options) / attribute_text(*best, kRunAttribute);
  if (job.json) {
    job.terminal.out << json_of(*best).dump(2) << "\n";
    return 0;
  }
  const int folds = open.settings.folds;
  job.terminal.out << fmt::format("Trial {}, {} {} in epoch {}{}\n", best->number,
                                  open.settings.monitor, told_result(*best),
                                  attribute_text(*best, kEpochAttribute),
                                  folds > 0 ? fmt::format(", means of {} folds", folds) : "");
  for (const auto& parameter : best->parameters)
    job.terminal.out << fmt::format("  {} = {}\n", parameter.name,
                                    tune::to_text(parameter.value()));
  job.terminal.out << "Next:\n";
  if (folds == 0)
    job.terminal.out << fmt::format("  bloodcell export --run {} --output {}.onnx\n", run.string(),
                                    open.info.name);
  job.terminal.out << fmt::format("  bloodcell tune retrain --storage {} --name {} --epochs {}\n",
                                  shown_storage(options), open.info.name, 2 * open.settings.epochs);
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

Result<int> write_report(const TuneOptions& options) {
  if (options.output.empty())
    return fail(ErrorCode::usage, "no file for the report", {}, "name it with --output");
  BC_ASSIGN(const auto open, open_study(options));
  BC_ASSIGN(auto trials, trials_of(open));
  std::vector<std::string> objectives{open.settings.monitor};
  for (std::size_t i = 1; i < open.info.directions.size(); ++i)
    objectives.push_back(fmt::format("objective {}", i + 1));
  const report::SearchedStudy searched{open.info.name, objectives, open.info.directions,
                                       std::move(trials)};
  BC_CHECK(write_text(options.output, report::page_of(searched, options.page)));
  return 0;
}

}  // namespace bloodcell::training
