// What stands behind a figure: evaluations that `bloodcell evaluate --report` wrote, and what the
// parts of a split share that they must not. Read anew at each request.
#include <algorithm>

#include <bloodcell/base/files.hpp>
#include <bloodcell/graph/strict_json.hpp>
#include <bloodcell/report/split_audit.hpp>

#include "groups.hpp"
#include "reading.hpp"

namespace bloodcell::serve {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kMostListed = 200;  // leaks, doubles, conflicts; each
constexpr std::size_t kMostEvaluations = 1000;
constexpr std::uint64_t kLargestReport_bytes = 64 << 20;  // its pictures are in it
constexpr int kDeepest = 32;

// The folders within one, by name. Names of requests are looked up here and lead nowhere else.
std::vector<fs::path> folders_in(const fs::path& parent) {
  std::vector<fs::path> folders;
  std::error_code error;
  if (parent.empty()) return folders;
  for (fs::directory_iterator at(parent, error), end; !error && at != end; at.increment(error)) {
    if (at->is_directory(error)) folders.push_back(at->path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

Result<fs::path> folder_of(const fs::path& parent, const std::string& name, std::string_view what,
                           std::string_view option) {
  for (const fs::path& folder : folders_in(parent)) {
    if (folder.filename().string() == name) return folder;
  }
  return fail(ErrorCode::not_found, fmt::format("no {} is called `{}`", what, name), {},
              fmt::format("name the folder that holds it with {}", option));
}

// What report.json says of itself; nothing where it is something else.
ordered_json evaluation_in(const fs::path& folder) {
  const auto text = read_text(folder / "report.json", kLargestReport_bytes);
  if (!text) return {};
  const auto document = graph::parse_strict_json(*text, kDeepest);
  if (!document || !document->is_object() || !document->contains("report")) return {};
  ordered_json told{{"evaluation", folder.filename().string()}};
  for (const char* field : {"model", "data"}) {
    if (document->contains(field) && (*document)[field].is_string()) {
      told[field] = (*document)[field];
    }
  }
  const json& report = (*document)["report"];
  for (const char* field : {"image_accuracy", "family_accuracy_majority", "macro"}) {
    if (report.is_object() && report.contains(field)) told[field] = report[field];
  }
  return told;
}

Result<Response> list_evaluations(const Services& services, const Request&) {
  auto list = ordered_json::array();
  for (const fs::path& folder : folders_in(services.shown.evaluations)) {
    if (list.size() == kMostEvaluations) break;
    auto one = evaluation_in(folder);
    if (!one.is_null()) list.push_back(std::move(one));
  }
  return json_response({{"evaluations", list}});
}

Result<Response> show_evaluation(const Services& services, const Request& request) {
  BC_ASSIGN(const auto folder,
            folder_of(services.shown.evaluations, request.captured.at("evaluation"), "evaluation",
                      "--evaluations"));
  auto html = read_text(folder / "report.html", kLargestReport_bytes);
  if (!html) {
    return fail(ErrorCode::not_found, "the evaluation has no page", {},
                "make it with bloodcell evaluate --report");
  }
  return Response{
      200, "text/html; charset=utf-8", std::move(*html), {{"Cache-Control", "no-cache"}}};
}

Result<Response> audit_answer(const Services& services, const fs::path& file) {
  BC_ASSIGN(const auto split, data::load_split(file, services.context.limits));
  auto document = report::to_json(split, report::audit_of(split));
  for (const char* field : {"leaks", "doubles", "conflicts"}) {
    auto list = std::move(document[field]);  // a reference would not outlive the next field
    document[fmt::format("{}_found", field)] = list.size();
    if (list.size() > kMostListed) {
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(kMostListed), list.end());
    }
    document[field] = std::move(list);
  }
  return json_response(document);
}

Result<Response> audit_run(const Services& services, const Request& request) {
  BC_ASSIGN(const auto folder,
            folder_of(services.shown.runs, request.captured.at("run"), "run", "--runs"));
  return audit_answer(services, folder / "split.json");
}

Result<Response> audit_set(const Services& services, const Request& request) {
  const auto& name = request.captured.at("dataset");
  const auto split = services.shown.splits.find(name);
  if (split == services.shown.splits.end()) {
    return fail(ErrorCode::not_found, fmt::format("no split of a set `{}` is known", name), {},
                "name it with --split NAME=FILE");
  }
  return audit_answer(services, split->second);
}

}  // namespace

void add_judged_routes(Router& router, const Services& services) {
  const json text{{"type", "string"}};
  const auto add = readings_of(router, services);
  add("/api/v1/evaluations", "listEvaluations", "runs",
      "Evaluations that were written with `bloodcell evaluate --report`",
      {"application/json", schema_of("Evaluations")}, list_evaluations);
  add("/api/v1/evaluations/{evaluation}/report", "showEvaluation", "runs",
      "Confusion, ROC, precision and recall, calibration, mistakes, as a page", {"text/html", text},
      show_evaluation);
  add("/api/v1/runs/{run}/audit", "auditRun", "runs",
      "What the parts of the run's split share that they must not",
      {"application/json", schema_of("Audit")}, audit_run);
  add("/api/v1/datasets/{dataset}/audit", "auditDataset", "data",
      "What the parts of the set's split share that they must not",
      {"application/json", schema_of("Audit")}, audit_set);
}

}  // namespace bloodcell::serve
