#include <algorithm>
#include <memory>

#include <answer.hpp>

#include <bloodcell/data/import.hpp>
#include <verbs/data.hpp>

namespace bloodcell::cli {

namespace {

struct Options {
  data::ImportOptions set;
  std::vector<std::string> map;
};

Result<int> run(const Job& job, Options options) {
  for (const std::string& entry : options.map) {
    const std::size_t equals = entry.rfind('=');
    if (equals == std::string::npos) {
      return fail(ErrorCode::usage, fmt::format("--map {}: no `=` in it", entry), {},
                  "write --map FROM=TO, or FROM= to leave a class out");
    }
    options.set.map.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  BC_ASSIGN(const auto imported, data::import_set(job.context, options.set));
  if (job.json) {
    job.terminal.out << imported.json;
  } else {
    job.terminal.out << fmt::format("{} cells, {} left out -> {}\n", imported.cells,
                                    imported.left_out, imported.manifest.string());
    for (const auto& [published, taken] : imported.published) {
      job.terminal.out << fmt::format("  {} -> {}: {}\n", published,
                                      taken.label.empty() ? "left out" : taken.label, taken.cells);
    }
  }
  return report_problems(job, imported.problems);
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<Options>();
  auto& set = options->set;
  command.add_option("format", set.format, "coco, csv, folders, medmnist, pbc, voc or yolo")
      ->type_name("FORMAT")
      ->required();
  command.add_option("source", set.source, "folder; for csv, coco and medmnist the file")
      ->type_name("SOURCE")
      ->required();
  command
      .add_option("-o,--output", set.manifest,
                  "CSV to write, or a folder for manifest.csv; the pictures must lie below it")
      ->type_name("FILE")
      ->required();
  command.add_option("--images", set.images, "folder that published file names are relative to")
      ->type_name("FOLDER");
  command
      .add_option("--map", options->map,
                  "class as published = label, or nothing to leave it out; several times")
      ->type_name("FROM=TO");
  command.add_option("--labels", set.labels, "yolo, medmnist: the class names in their order")
      ->delimiter(',');
  command.add_option("--source-name", set.source_name, "laboratory or set, kept with each cell");
  command.add_option("--licence", set.licence, "of the pictures, kept beside the manifest");
  command.add_flag("--skip-faults", set.skip_faults, "pass over faulty cells instead of stopping");
  command.add_option("--file-column", set.file_column, "csv: column of the files");
  command.add_option("--label-column", set.label_column, "csv: column of the classes");
  command.add_option("--family-column", set.family_column, "csv: column of the families");
  command.add_option("--part-column", set.part_column, "csv: column of the published parts");
  command.add_option("--x-column", set.x_column, "csv: left edge of the box in pixels");
  command.add_option("--y-column", set.y_column, "csv: upper edge");
  command.add_option("--width-column", set.width_column, "csv: width");
  command.add_option("--height-column", set.height_column, "csv: height");
  return [options](const Job& job) { return run(job, *options); };
}

}  // namespace

Verb data_import_verb() {
  return {"import", "Make a manifest from a set as others publish it",
          "  bloodcell data import voc bccd/ -o bccd/ --map RBC= --map WBC=white_cell\n"
          "  bloodcell data import yolo fields/ -o fields/ --labels wbc,rbc --licence MIT\n"
          "  bloodcell data import csv set/boxes.csv -o set/ --label-column class \\\n"
          "      --x-column x --y-column y --width-column width --height-column height",
          set_up, Uses::json | Uses::files | Uses::pictures};
}

}  // namespace bloodcell::cli
