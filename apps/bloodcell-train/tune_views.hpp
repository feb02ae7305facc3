// What a study says: read by status, best, export and report.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <bloodcell/cli/application.hpp>
#include <bloodcell/report/study_report.hpp>
#include <bloodcell/tune/storage.hpp>

#include "tune_settings.hpp"

namespace bloodcell::training {

struct TuneOptions {
  TuneSettings settings;
  std::string action = "run";
  std::string storage = "runs/tune/study.db";  // or the URL of a server
  bool old_tables = false;
  std::string runs;  // empty: beside the file; for a server runs/tune
  std::string name;  // of the study; empty: the model's, or the only one in the file
  std::string space_file;
  std::string output;
  report::StudyPageOptions page;
  int workers = 1;
  double timeout_s = 0;
  bool quiet_best = false;
  CLI::Option* trials = nullptr;
  CLI::Option* epochs = nullptr;
  std::vector<std::pair<const CLI::Option*, std::string_view>> of_actions;  // which use the option
};

struct OpenStudy {
  std::unique_ptr<tune::Storage> storage;
  TuneSettings settings;  // as it was begun with; without a space when another program made it
  tune::StudyInfo info;
};

// The study's attribute that holds its settings.
inline constexpr const char* kSettingsAttribute = "bloodcell";

// The folder that holds the runs.
[[nodiscard]] std::filesystem::path folder_of(const TuneOptions& options);

// The storage as messages may show it and a shell takes it.
[[nodiscard]] std::string shown_storage(const TuneOptions& options);

// Errors: not_found; usage when the file holds several and none is named; those of the storage.
[[nodiscard]] Result<OpenStudy> open_study(const TuneOptions& options);

// One line of a trial's parameters; its first value, empty when it has none.
[[nodiscard]] std::string told_values(const tune::TrialRecord& trial);
[[nodiscard]] std::string told_result(const tune::TrialRecord& trial);

[[nodiscard]] Result<int> show_status(const cli::Job& job, const TuneOptions& options);
[[nodiscard]] Result<int> show_best(const cli::Job& job, const TuneOptions& options);
[[nodiscard]] Result<int> export_trials(const cli::Job& job, const TuneOptions& options);
[[nodiscard]] Result<int> write_report(const TuneOptions& options);

}  // namespace bloodcell::training
