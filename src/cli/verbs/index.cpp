#include <memory>

#include <answer.hpp>
#include <installed.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/explain/cell_index.hpp>
#include <verbs/judged_data.hpp>

namespace bloodcell::cli {

namespace {

struct IndexVerbOptions {
  std::string model;
  JudgedOptions judged;
  std::string output;
  explain::IndexOptions how;
};

Result<int> run_index(const Job& job, const IndexVerbOptions& options) {
  BC_ASSIGN(const auto path, find_model(options.model));
  const auto place = [&](Error error) { return with_path(std::move(error), path.string()); };
  BC_ASSIGN(const auto model, model_file::load(path, job.context.limits).map_error(place));
  BC_ASSIGN(const auto judged, open_judged(job.context, options.judged, "train"));
  BC_ASSIGN(const auto made,
            explain::make_index(job.context, model, judged.dataset, judged.samples, options.how));
  BC_ASSIGN(const auto bytes, explain::to_bytes(made.index));
  BC_CHECK(write_file(options.output, bytes));
  std::map<std::string, std::size_t> classes;
  for (const auto& cell : made.index.cells) ++classes[cell.label];
  if (job.json) {
    job.terminal.out << to_text({{"output", options.output},
                                 {"bytes", bytes.size()},
                                 {"cells", made.index.cells.size()},
                                 {"classes", classes},
                                 {"left_out_without_box", made.without_box},
                                 {"problems", to_json(made.problems)}});
  } else {
    job.terminal.out << fmt::format("{}: {} cells, {} bytes\n", options.output,
                                    made.index.cells.size(), bytes.size());
    for (const auto& [label, count] : classes) {
      job.terminal.out << fmt::format("  {} {}\n", count, label);
    }
    if (made.without_box > 0) {
      job.terminal.out << fmt::format("{} cells without a box left out\n", made.without_box);
    }
  }
  return report_problems(job, made.problems);
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<IndexVerbOptions>();
  command.add_option("--model", options->model, "model file; without it the shipped one")
      ->type_name("FILE");
  add_judged_options(command, options->judged);
  command.add_option("-o,--output", options->output, "the index")->type_name("FILE")->required();
  command
      .add_option("--licence", options->how.licence,
                  "of the pictures, whose thumbnails the index holds")
      ->type_name("TEXT");
  command.add_option("--per-class", options->how.per_class, "cells of a class at most")
      ->check(CLI::Range(1, 10000));
  command.add_option("--batch", options->how.batch, "pictures at a time")
      ->check(CLI::Range(1, 4096));
  command.add_option("--seed", options->how.seed, "of which cells, where there are more");
  return [options](const Job& job) { return run_index(job, *options); };
}

}  // namespace

Verb index_verb() {
  return {"index", "Make an index of known cells, for explain --neighbours",
          "  bloodcell index --data cells.csv --split split.json -o cells.index \\\n"
          "      --licence 'CC BY 4.0: Acevedo et al. 2020'\n"
          "Takes the part `train` of a split, or the whole set.",
          set_up};
}

}  // namespace bloodcell::cli
