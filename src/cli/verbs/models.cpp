#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <answer.hpp>
#include <embedded.hpp>

#include <bloodcell/cli/table.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/fetch/registry.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/published.hpp>

namespace bloodcell::cli {

namespace {

using nlohmann::ordered_json;

// A file of weights for a network, known by its checksum.
struct KnownFile {
  std::string architecture;
  std::string file;
  std::string licence;
  std::string source;
  bool can_be_pulled = false;
};

// Those that `weights pull` fetches, and others that `train --weights` knows when it sees them.
Result<std::vector<KnownFile>> known_files() {
  BC_ASSIGN(const auto registry, fetch::registry_from_json_text(embedded::weights_registry()));
  std::vector<KnownFile> files;
  for (const auto& entry : registry) {
    files.push_back(
        {entry.name, entry.files.front().file, entry.licence, entry.files.front().url, true});
  }
  for (const auto& published : graph::published_weights()) {
    const bool listed = std::any_of(files.begin(), files.end(), [&](const auto& known) {
      return known.architecture == published.architecture && known.file == published.file;
    });
    if (listed) continue;
    files.push_back({std::string(published.architecture), std::string(published.file),
                     std::string(published.licence), std::string(published.source)});
  }
  return files;
}

ordered_json to_json(const graph::InputScaling& scaling) {
  return {{"name", scaling.name},
          {"channels", scaling.bgr ? "bgr" : "rgb"},
          {"mean", scaling.mean},
          {"deviation", scaling.deviation}};
}

ordered_json weights_of(std::string_view architecture, const std::vector<KnownFile>& files) {
  auto list = ordered_json::array();
  for (const auto& known : files) {
    if (known.architecture != architecture) continue;
    list.push_back({{"file", known.file},
                    {"licence", known.licence},
                    {"source", known.source},
                    {"can_be_pulled", known.can_be_pulled}});
  }
  return list;
}

void print_weights(std::ostream& out, const std::vector<KnownFile>& files) {
  Table table({"weights of", "licence", "pull", "from"});
  for (const auto& known : files) {
    table.row(
        {known.architecture, known.licence, known.can_be_pulled ? "yes" : "no", known.source});
  }
  out << "\nPixels are scaled as each network's weights expect: a training run takes this from the "
         "network,\na model file carries it. ImageNet weights that are known by their "
         "checksum:\n\n";
  table.print(out);
}

Result<int> run_models(const Job& job, int classes) {
  BC_ASSIGN(const auto files, known_files());
  Table table({"name", ">input", "pixels", ">parameters", ">MFLOP", "what"});
  auto list = ordered_json::array();
  for (const auto& info : graph::architectures()) {
    BC_ASSIGN(const auto graph,
              info.build({3, info.default_height_px, info.default_width_px}, classes));
    const double mflop = static_cast<double>(graph.flops()) / 1e6;
    table.row({std::string(info.name),
               fmt::format("{} × {}", info.default_width_px, info.default_height_px),
               std::string(info.scaling.name), with_commas(graph.parameter_count()),
               fmt::format("{:.1f}", mflop), std::string(info.what)});
    list.push_back({{"name", info.name},
                    {"what", info.what},
                    {"width_px", info.default_width_px},
                    {"height_px", info.default_height_px},
                    {"input_scaling", to_json(info.scaling)},
                    {"classes", classes},
                    {"parameters", graph.parameter_count()},
                    {"flops", graph.flops()},
                    {"weights", weights_of(info.name, files)}});
  }
  if (job.json) {
    job.terminal.out << to_text(ordered_json{{"architectures", list}});
    return 0;
  }
  table.print(job.terminal.out);
  print_weights(job.terminal.out, files);
  return 0;
}

Action set_up(CLI::App& command) {
  auto classes = std::make_shared<int>(4);
  command.add_option("--classes", *classes, "that the network tells apart")
      ->check(CLI::Range(2, 1000));
  return [classes](const Job& job) { return run_models(job, *classes); };
}

}  // namespace

Verb models_verb() {
  return {"models", "List the networks: parameters, operations, input, weights",
          "  bloodcell models --classes 8\n  bloodcell models --json", set_up, Uses::json};
}

}  // namespace bloodcell::cli
