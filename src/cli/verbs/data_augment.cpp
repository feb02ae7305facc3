#include <filesystem>
#include <memory>

#include <answer.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/input_size.hpp>
#include <bloodcell/data/augment.hpp>
#include <bloodcell/data/augmentation_sheet.hpp>
#include <bloodcell/image/encode.hpp>
#include <verbs/data.hpp>

namespace bloodcell::cli {

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string set;
  std::string output;
  std::size_t cells = 8;
  std::string size = "96";
  data::AugmentationSheetOptions sheet;
};

Result<int> run(const Job& job, const Options& options) {
  BC_CHECK(check_output(options.output, options.set));
  const auto extension = fs::path(options.output).extension();
  if (extension != ".png" && extension != ".jpg" && extension != ".jpeg") {
    return fail(ErrorCode::usage, "a sheet is a .png or .jpg file", options.output);
  }
  auto asked = options.sheet;
  if (asked.augmentations.empty()) {
    for (const auto name : data::augmentation_names()) {
      if (name != "none") asked.augmentations.emplace_back(name);
    }
  }
  BC_ASSIGN(const InputSize size, input_size_from(options.size));
  asked.preprocessing.width_px = size.width_px;
  asked.preprocessing.height_px = size.height_px;
  BC_ASSIGN(const auto dataset, data::open_dataset(job.context, options.set));
  const auto samples = data::samples_to_show(dataset, options.cells, asked.seed);
  BC_ASSIGN(const auto sheet, data::augmentation_sheet(job.context, dataset, samples, asked));
  BC_ASSIGN(const Bytes bytes,
            extension == ".png" ? image::encode_png(sheet) : image::encode_jpeg(sheet, 90));
  BC_CHECK(write_file(options.output, bytes));
  if (job.json) {
    nlohmann::ordered_json files = nlohmann::ordered_json::array();
    for (const std::size_t position : samples) files.push_back(dataset.samples[position].file);
    job.terminal.out << to_text(nlohmann::ordered_json{{"output", options.output},
                                                       {"augmentations", asked.augmentations},
                                                       {"draws", asked.draws},
                                                       {"seed", asked.seed},
                                                       {"files", files},
                                                       {"problems", to_json(dataset.problems)}});
  } else {
    job.terminal.out << fmt::format("{}: {} cells, {} augmentations, {} draws of each\n",
                                    options.output, samples.size(), asked.augmentations.size(),
                                    asked.draws);
  }
  return report_problems(job, dataset.problems);
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<Options>();
  auto& sheet = options->sheet;
  command.add_option("set", options->set, "folder of class folders, manifest or mixture")
      ->type_name("PATH")
      ->required();
  command.add_option("-o,--output", options->output, "the sheet to write, .png or .jpg")
      ->type_name("FILE")
      ->required();
  std::string names;
  for (const auto name : data::augmentation_names()) {
    if (name != "none") names += (names.empty() ? "" : "|") + std::string(name);
  }
  command.add_option("--augment", sheet.augmentations, "as in train; several make rows of each")
      ->type_name(names)
      ->delimiter(',');
  command.add_option("--cells", options->cells, "cells to show, the classes in turn")
      ->check(CLI::Range(std::size_t{1}, data::kAugmentationSheetRows));
  command.add_option("--draws", sheet.draws, "pictures of each cell beside the unchanged one");
  command.add_option("--size", options->size, "input of the network, as 320x240");
  command.add_option("--cell-margin", sheet.preprocessing.cell_margin, "as in train");
  command.add_option("--white-point", sheet.preprocessing.white_point, "as in train");
  command.add_option("--seed", sheet.seed, "of everything drawn");
  return [options](const Job& job) { return run(job, *options); };
}

}  // namespace

Verb data_augment_verb() {
  return {"augment", "Show on a sheet what training's augmentation makes of cells",
          "  bloodcell data augment cells/ -o sheet.png\n"
          "  bloodcell data augment cells/located.csv --augment robust,laboratories --cells 4 \\\n"
          "    --cell-margin 1.4 --white-point 235 -o sheet.png",
          set_up, Uses::everything};
}

}  // namespace bloodcell::cli
