// One worker of a search: takes trials from the study and trains each in a run directory of its
// own, beside the study's file.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include <bloodcell/base/context.hpp>
#include <bloodcell/train/train.hpp>
#include <bloodcell/tune/study.hpp>

#include "tune_settings.hpp"

namespace bloodcell::training {

struct TuneWork {
  std::filesystem::path folder;  // of the runs
  std::string study;             // its name, which the runs' folders bear
  TuneSettings settings;
  std::chrono::duration<double> timeout{0};  // no trial begins after it; 0: none
  // After each trial of this worker.
  std::function<void(const tune::TrialRecord&)> after_trial;
};

// The user attributes of a trial.
inline constexpr const char* kRunAttribute = "run";  // its folder's name
inline constexpr const char* kEpochAttribute = "best_epoch";

// Until the study has its trials and none of them runs, the timeout is over or someone asks to
// stop. A trial's value is the monitored figure of its best epoch; it reports each epoch's. What a
// killed worker left is taken up at its last checkpoint. Errors: cancelled; those of the data, the
// run and the storage.
[[nodiscard]] Result<void> work_on(const Context& context, tune::Study& study,
                                   const TuneWork& work);

// The figure that --monitor names.
[[nodiscard]] double monitored(const train::EpochRecord& record, const std::string& monitor);
// A study's name as part of a file's.
[[nodiscard]] std::string file_name_of(std::string name);

}  // namespace bloodcell::training
