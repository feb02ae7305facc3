#include <filesystem>
#include <memory>

#include <answer.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/locate/located_set.hpp>
#include <verbs/data.hpp>
#include <verbs/model_options.hpp>

namespace bloodcell::cli {

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string set;
  std::string families;
  std::string locator;
  std::string output;
};

Result<int> run(const Job& job, const Options& options) {
  BC_ASSIGN(auto dataset, data::open_dataset(job.context, options.set, {options.families, {}}));
  const fs::path output = options.output;
  const fs::path folder = output.has_parent_path() ? output.parent_path() : fs::path(".");
  std::error_code ignored;
  if (!fs::equivalent(folder, dataset.root, ignored)) {
    return fail(ErrorCode::usage, "the manifest names files below its own folder", options.output,
                fmt::format("write it to {}", dataset.root.string()));
  }
  BC_ASSIGN(const auto locator, open_locator(job.context, options.locator));
  BC_ASSIGN(const auto located, locate::locate_set(job.context, locator, std::move(dataset)));
  BC_CHECK(write_text(output, data::manifest_text(located.dataset)));
  if (job.json) {
    job.terminal.out << to_text({{"output", options.output},
                                 {"cells", located.dataset.samples.size()},
                                 {"found", located.found},
                                 {"drawn", located.drawn},
                                 {"without", located.without},
                                 {"problems", to_json(located.dataset.problems)}});
  } else {
    job.terminal.out << fmt::format(
        "{}: {} cells; {} found, {} keep their drawn box, {} the whole picture.\n", options.output,
        located.dataset.samples.size(), located.found, located.drawn, located.without);
  }
  return report_problems(job, located.dataset.problems);
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<Options>();
  command.add_option("set", options->set, "folder of class folders, or manifest")
      ->type_name("PATH")
      ->required();
  command.add_option("-o,--output", options->output, "the manifest to write, in the set's folder")
      ->type_name("FILE")
      ->required();
  command.add_option("--families", options->families, "CSV of file,family")->type_name("FILE");
  command.add_option("--locator", options->locator, "model file; without it the shipped locator")
      ->type_name("FILE");
  return [options](const Job& job) { return run(job, *options); };
}

}  // namespace

Verb data_locate_verb() {
  return {"locate", "Give each labelled picture the box of its cell, as predict will find it",
          "  bloodcell data locate cells/manifest.csv -o cells/located.csv\n"
          "  bloodcell train --data cells/located.csv --cell-margin 1.5 --white-point 235",
          set_up, Uses::json | Uses::files | Uses::pictures};
}

}  // namespace bloodcell::cli
