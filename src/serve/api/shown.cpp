// What lies beside the models, to be looked at: training runs, studies, data sets. Read anew at
// each request, so that a run or a study is seen while it goes on.
#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include <bloodcell/base/files.hpp>
#include <bloodcell/data/explore.hpp>
#include <bloodcell/report/comparison.hpp>
#include <bloodcell/report/data_report.hpp>
#include <bloodcell/report/study_report.hpp>
#include <bloodcell/tune/database_storage.hpp>

#include "groups.hpp"
#include "reading.hpp"

namespace bloodcell::serve {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kMostRuns = 1000;

Response page(std::string html) {
  return {200, "text/html; charset=utf-8", std::move(html), {{"Cache-Control", "no-cache"}}};
}

// Folders of runs with at least one finished epoch, by name.
Result<std::vector<report::ComparedRun>> runs_of(const Services& services) {
  std::vector<report::ComparedRun> runs;
  if (services.shown.runs.empty()) return runs;
  std::error_code error;
  std::vector<fs::path> folders;
  for (fs::directory_iterator at(services.shown.runs, error), end; !error && at != end;
       at.increment(error)) {
    if (at->is_directory(error)) folders.push_back(at->path());
  }
  if (error) return fail(ErrorCode::unreadable, error.message(), services.shown.runs.string());
  std::sort(folders.begin(), folders.end());
  for (const fs::path& folder : folders) {
    if (runs.size() == kMostRuns) break;
    auto run = report::read_run(folder, services.context.limits);
    if (!run) continue;  // something else, or one that has just begun
    run->name = folder.filename().string();
    runs.push_back(std::move(*run));
  }
  return runs;
}

ordered_json to_json(const report::ComparedEpoch& epoch) {
  return {{"epoch", epoch.epoch},
          {"train_loss", epoch.train_loss},
          {"validation_loss", epoch.validation_loss},
          {"validation_accuracy", epoch.validation_accuracy},
          {"validation_family_accuracy", epoch.validation_family_accuracy},
          {"validation_macro_f1", epoch.validation_macro_f1},
          {"seconds", epoch.seconds}};
}

ordered_json to_json(const report::ComparedRun& run) {
  auto history = ordered_json::array();
  for (const auto& epoch : run.history) history.push_back(to_json(epoch));
  return {{"run", run.name},
          {"architecture", run.architecture},
          {"width_px", run.width_px},
          {"height_px", run.height_px},
          {"labels", run.labels},
          {"validation_images", run.validation_images},
          {"validation_families", run.validation_families},
          {"best", to_json(run.best)},
          {"family_interval_95", {run.family_interval.low, run.family_interval.high}},
          {"seconds", run.seconds},
          {"history", history}};
}

// What was chosen for it: its config.json, as it is.
ordered_json settings_of(const fs::path& folder) {
  constexpr std::uint64_t kLargest_bytes = 1 << 20;
  const auto text = read_text(folder / "config.json", kLargest_bytes);
  if (!text) return ordered_json::object();
  auto settings = ordered_json::parse(*text, nullptr, false);
  return settings.is_object() ? settings : ordered_json::object();
}

Result<Response> list_runs(const Services& services, const Request&) {
  BC_ASSIGN(const auto runs, runs_of(services));
  auto list = ordered_json::array();
  for (const auto& run : runs) {
    auto one = to_json(run);
    one["settings"] = settings_of(services.shown.runs / run.name);
    list.push_back(std::move(one));
  }
  return json_response({{"runs", list}});
}

Result<Response> compare_runs(const Services& services, const Request&) {
  BC_ASSIGN(auto runs, runs_of(services));
  if (runs.empty()) {
    return fail(ErrorCode::not_found, "there is no run to show", {},
                "name a folder that holds run folders with --runs");
  }
  report::sort_by_accuracy(runs);
  return page(report::comparison_page(runs));
}

struct FoundStudy {
  tune::StudyInfo info;
  std::vector<tune::TrialRecord> trials;
};

Result<std::vector<FoundStudy>> studies_in(const fs::path& file) {
  std::vector<FoundStudy> found;
  BC_ASSIGN(const auto storage, tune::sqlite_storage(file));
  BC_ASSIGN(const auto studies, storage->studies());
  for (const auto& info : studies) {
    FoundStudy study{info, {}};
    BC_CHECK(storage->refresh(info.id, study.trials));
    found.push_back(std::move(study));
  }
  return found;
}

std::vector<fs::path> study_files(const fs::path& named) {
  std::error_code error;
  if (named.empty()) return {};
  if (!fs::is_directory(named, error)) return {named};
  std::vector<fs::path> files;
  for (fs::directory_iterator at(named, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".db") files.push_back(at->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<FoundStudy> studies_of(const Services& services) {
  std::vector<FoundStudy> found;
  for (const fs::path& file : study_files(services.shown.studies)) {
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) continue;  // the storage would make it
    // One file that is no study hides no other.
    if (auto studies = studies_in(file)) {
      std::ranges::move(*studies, std::back_inserter(found));
    } else {
      services.context.log.warning("{}", to_text(studies.error()));
    }
  }
  return found;
}

Result<Response> list_studies(const Services& services, const Request&) {
  const auto studies = studies_of(services);
  auto list = ordered_json::array();
  for (const auto& study : studies) {
    std::map<std::string, int> states;
    for (const auto& trial : study.trials) ++states[std::string(tune::name_of(trial.state))];
    list.push_back({{"study", study.info.name},
                    {"trials", study.trials.size()},
                    {"states", ordered_json(states)}});
  }
  return json_response({{"studies", list}});
}

// What `bloodcell tune` watched, where it says so.
std::string objective_of(const tune::StudyInfo& info) {
  for (const auto& [key, text] : info.user_attributes) {
    const json value = json::parse(text, nullptr, false);
    if (value.is_object() && value.contains("monitor") && value["monitor"].is_string()) {
      return value["monitor"].get<std::string>();
    }
  }
  return "value";
}

Result<Response> show_study(const Services& services, const Request& request) {
  const auto& name = request.captured.at("study");
  const auto studies = studies_of(services);
  for (const auto& study : studies) {
    if (study.info.name != name) continue;
    std::vector<std::string> objectives{objective_of(study.info)};
    for (std::size_t i = 1; i < study.info.directions.size(); ++i) {
      objectives.push_back(fmt::format("value {}", i + 1));
    }
    return page(
        report::page_of({study.info.name, objectives, study.info.directions, study.trials}, {}));
  }
  return fail(ErrorCode::not_found, fmt::format("no study is called `{}`", name), {},
              "name its file with --studies");
}

// Exploring a set takes long: done once for each, one at a time. Who asks meanwhile is sent away
// (503), so that no thread waits.
class Explored {
 public:
  Result<std::string> page_of(const Services& services, const std::string& name) {
    if (auto kept = kept_page(name)) return std::move(*kept);
    const auto set = services.shown.data.find(name);
    if (set == services.shown.data.end()) {
      return fail(ErrorCode::not_found, fmt::format("no set is called `{}`", name), {},
                  "name it and its folder with --data NAME=PATH");
    }
    const std::unique_lock reading(reading_, std::try_to_lock);
    if (!reading) {
      return fail(ErrorCode::cancelled, "a set is being read", {}, "ask again in a minute");
    }
    if (auto kept = kept_page(name)) return std::move(*kept);  // read meanwhile
    BC_ASSIGN(const auto dataset, data::open_dataset(services.context, set->second));
    std::optional<data::Split> split;
    if (const auto named = services.shown.splits.find(name); named != services.shown.splits.end()) {
      BC_ASSIGN(split, data::load_split(named->second, services.context.limits));
    }
    BC_ASSIGN(const auto told, data::explore(services.context, dataset, split));
    BC_ASSIGN(auto html, report::page_of(told, name));
    const std::lock_guard lock(mutex_);
    return pages_[name] = std::move(html);
  }

 private:
  std::optional<std::string> kept_page(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto kept = pages_.find(name);
    return kept == pages_.end() ? std::nullopt : std::optional(kept->second);
  }

  std::mutex reading_;
  std::mutex mutex_;
  std::map<std::string, std::string> pages_;  // guarded by mutex_
};

Result<Response> list_sets(const Services& services, const Request&) {
  auto list = ordered_json::array();
  for (const auto& [name, path] : services.shown.data) {
    list.push_back({{"dataset", name}, {"has_split", services.shown.splits.contains(name)}});
  }
  return json_response({{"datasets", list}});
}

}  // namespace

void add_shown_routes(Router& router, const Services& services) {
  const json text{{"type", "string"}};
  const auto add = readings_of(router, services);
  add("/api/v1/runs", "listRuns", "runs", "Training runs with their epochs, also while they go on",
      {"application/json", schema_of("Runs")}, list_runs);
  add("/api/v1/run-comparison", "compareRuns", "runs", "The runs side by side, as a page",
      {"text/html", text}, compare_runs);
  add("/api/v1/studies", "listStudies", "studies", "Searches for hyper-parameters",
      {"application/json", schema_of("Studies")}, list_studies);
  add("/api/v1/studies/{study}/report", "showStudy", "studies",
      "How a search went, what mattered, what was best, as a page", {"text/html", text},
      show_study);
  add("/api/v1/datasets", "listDatasets", "data", "The sets that were named with --data",
      {"application/json", schema_of("Datasets")}, list_sets);
  router.add({.method = "GET",
              .pattern = "/api/v1/datasets/{dataset}/report",
              .id = "showDataset",
              .tag = "data",
              .summary = "What `bloodcell data report` shows; the first time it takes a while",
              .gives = {{"text/html", text}},
              .answer = [&services, explored = std::make_shared<Explored>()](
                            const Request& request) -> Result<Response> {
                BC_ASSIGN(auto html, explored->page_of(services, request.captured.at("dataset")));
                return page(std::move(html));
              }});
}

}  // namespace bloodcell::serve
