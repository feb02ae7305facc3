#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/table.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/backbone.hpp>
#include <bloodcell/graph/weights.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/report/comparison.hpp>

namespace bloodcell::cli {
namespace {

namespace fs = std::filesystem;
using report::ComparedRun;

constexpr int kTimedRuns = 21;

struct CompareOptions {
  std::vector<std::string> runs;
  std::string output;
  bool latency = false;
};

// The median of single pictures on one thread, after one to warm up.
Result<double> latency_of(const graph::Graph& graph, const ComparedRun& run, const Limits& limits) {
  BC_ASSIGN(auto file, graph::load_safetensors(fs::path(run.name) / "best.safetensors", limits));
  model_file::Description description;
  description.name = "run";
  description.labels = run.labels;
  description.preprocessing.width_px = run.width_px;
  description.preprocessing.height_px = run.height_px;
  description.provenance = nlohmann::json::object();
  const auto input = model_file::golden_input(1, description.preprocessing);
  BC_ASSIGN(const auto model, model_file::make(graph, file.weights, std::move(description)));
  BC_ASSIGN(const auto session, infer::Session::open(model, {}));
  std::vector<double> times;
  for (int i = 0; i <= kTimedRuns; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    BC_ASSIGN([[maybe_unused]] const auto logits, session.run(input, 1));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    if (i > 0) times.push_back(took.count());
  }
  std::nth_element(times.begin(), times.begin() + kTimedRuns / 2, times.end());
  return times[kTimedRuns / 2];
}

Result<graph::Graph> network_of(const graph::ArchitectureInfo& info, const ComparedRun& run) {
  const int classes = static_cast<int>(run.labels.size());
  BC_ASSIGN(auto graph, info.build({3, run.height_px, run.width_px}, classes));
  if (run.head.kind == "own") return graph;
  graph::HeadOptions head;
  head.flatten = run.head.kind == "flat";
  head.layers = run.head.layers;
  head.width = run.head.width;
  head.batch_norm = run.head.batch_norm;
  return graph::with_head(graph, head, classes);
}

Result<void> look_at_network(const Job& job, const CompareOptions& options, ComparedRun& run) {
  auto found = graph::find_architecture(run.architecture);
  if (!found) {
    job.context.log.warning("{}: {}", run.name, found.error().message);
    return {};
  }
  BC_ASSIGN(const auto graph, network_of(*found, run));
  run.parameters = graph.parameter_count();
  run.flops = graph.flops();
  if (!options.latency) return {};
  BC_ASSIGN(run.latency_ms, latency_of(graph, run, job.context.limits));
  return {};
}

nlohmann::ordered_json json_of(const ComparedRun& run) {
  nlohmann::ordered_json json{
      {"run", run.name},
      {"architecture", run.architecture},
      {"epochs", run.history.size()},
      {"best_epoch", run.best.epoch},
      {"family_accuracy", run.best.validation_family_accuracy},
      {"family_accuracy_interval_95", {run.family_interval.low, run.family_interval.high}},
      {"image_accuracy", run.best.validation_accuracy},
      {"macro_f1", run.best.validation_macro_f1},
      {"validation_loss", run.best.validation_loss},
      {"parameters", run.parameters},
      {"flops", run.flops},
      {"weight_bytes", run.weight_bytes},
      {"seconds", run.seconds}};
  if (run.latency_ms > 0) json["latency_ms"] = run.latency_ms;
  return json;
}

void print(std::ostream& out, const std::vector<ComparedRun>& runs) {
  Table table({"run", "network", ">families right", ">95 %", ">images right", ">macro F1",
               ">parameters", ">ms"});
  for (const auto& run : runs) {
    table.row({run.name, run.architecture,
               fmt::format("{:.1f} %", 100 * run.best.validation_family_accuracy),
               fmt::format("{:.1f} – {:.1f}", 100 * run.family_interval.low,
                           100 * run.family_interval.high),
               fmt::format("{:.1f} %", 100 * run.best.validation_accuracy),
               fmt::format("{:.3f}", run.best.validation_macro_f1), with_commas(run.parameters),
               run.latency_ms > 0 ? fmt::format("{:.2f}", run.latency_ms) : "–"});
  }
  table.print(out);
}

Result<int> run_compare(const Job& job, const CompareOptions& options) {
  std::vector<ComparedRun> runs;
  for (const auto& folder : options.runs) {
    BC_ASSIGN(auto run, report::read_run(folder, job.context.limits));
    BC_CHECK(look_at_network(job, options, run));
    runs.push_back(std::move(run));
  }
  report::sort_by_accuracy(runs);
  if (!report::have_the_same_judges(runs)) {
    job.context.log.warning(
        "the runs were not judged on the same pictures: their figures cannot be compared");
  }
  if (!options.output.empty()) {
    const fs::path folder = options.output;
    BC_CHECK(write_text(folder / "comparison.csv", report::to_csv(runs)));
    BC_CHECK(write_text(folder / "comparison.html", report::comparison_page(runs)));
  }
  if (job.json) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& run : runs) list.push_back(json_of(run));
    job.terminal.out << nlohmann::ordered_json{{"runs", list}}.dump(2) << "\n";
  } else {
    print(job.terminal.out, runs);
  }
  return 0;
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<CompareOptions>();
  command.add_option("runs", options->runs, "folders of training runs")
      ->type_name("FOLDER")
      ->required();
  command
      .add_option("-o,--output", options->output, "folder for comparison.html and comparison.csv")
      ->type_name("FOLDER");
  command.add_flag("--latency", options->latency,
                   "time each network on one picture and one thread");
  return [options](const Job& job) { return run_compare(job, *options); };
}

}  // namespace

Verb compare_verb() {
  return {"compare", "Hold training runs against each other: figures, size, speed, curves",
          "  bloodcell compare runs/*\n"
          "  bloodcell compare runs/compact-1 runs/baseline-1 --latency -o comparison/",
          set_up, Uses::json | Uses::files};
}

}  // namespace bloodcell::cli
