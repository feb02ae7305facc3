#include <memory>

#include <answer.hpp>

#include <bloodcell/cli/table.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/graph/architectures.hpp>

namespace bloodcell::cli {

namespace {

Result<int> run_models(const Job& job, int classes) {
  Table table({"name", ">input", ">parameters", ">MFLOP", "what"});
  auto list = nlohmann::ordered_json::array();
  for (const auto& info : graph::architectures()) {
    BC_ASSIGN(const auto graph,
              info.build({3, info.default_height_px, info.default_width_px}, classes));
    const double mflop = static_cast<double>(graph.flops()) / 1e6;
    table.row({std::string(info.name),
               fmt::format("{} × {}", info.default_width_px, info.default_height_px),
               with_commas(graph.parameter_count()), fmt::format("{:.1f}", mflop),
               std::string(info.what)});
    list.push_back({{"name", info.name},
                    {"what", info.what},
                    {"width_px", info.default_width_px},
                    {"height_px", info.default_height_px},
                    {"classes", classes},
                    {"parameters", graph.parameter_count()},
                    {"flops", graph.flops()}});
  }
  if (job.json) {
    job.terminal.out << to_text(nlohmann::ordered_json{{"architectures", list}});
  } else {
    table.print(job.terminal.out);
  }
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
  return {"models", "List the network architectures: parameters, operations, input",
          "  bloodcell models --classes 8\n  bloodcell models --json", set_up, Uses::json};
}

}  // namespace bloodcell::cli
