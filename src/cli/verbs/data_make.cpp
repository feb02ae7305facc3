#include <filesystem>
#include <memory>

#include <algorithm>

#include <answer.hpp>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/data/families.hpp>
#include <bloodcell/data/synthetic.hpp>
#include <bloodcell/image/decode.hpp>
#include <verbs/data.hpp>

namespace bloodcell::cli {

namespace {

namespace fs = std::filesystem;

struct FamiliesOptions {
  std::string folder;
  std::vector<std::string> originals;
  std::string output;
};

Result<std::vector<fs::path>> pictures_in(const Job& job, const fs::path& folder,
                                          std::vector<Error>& problems) {
  BC_ASSIGN(auto walked, walk_folder(folder, job.context.limits));
  problems.insert(problems.end(), walked.problems.begin(), walked.problems.end());
  std::vector<fs::path> pictures;
  for (auto& file : walked.files) {
    if (image::has_image_name(file)) pictures.push_back(std::move(file));
  }
  if (pictures.empty()) return fail(ErrorCode::usage, "no pictures in it", folder.string());
  return pictures;
}

std::string csv_of(const data::FoundFamilies& found, const fs::path& folder) {
  const std::vector<std::string> columns{"file", "family"};
  std::string text = csv_row(columns);
  for (const auto& member : found.members) {
    const std::vector<std::string> fields{
        fs::path(member.file).lexically_relative(folder).generic_string(), member.family};
    text += csv_row(fields);
  }
  return text;
}

std::size_t families_in(const data::FoundFamilies& found) {
  std::vector<std::string> names;
  for (const auto& member : found.members) names.push_back(member.family);
  std::sort(names.begin(), names.end());
  return static_cast<std::size_t>(std::unique(names.begin(), names.end()) - names.begin());
}

Result<int> run_families(const Job& job, const FamiliesOptions& options) {
  const fs::path folder = fs::path(options.folder).lexically_normal();
  BC_CHECK(check_output(options.output, folder));
  std::vector<Error> problems;
  BC_ASSIGN(const auto files, pictures_in(job, folder, problems));
  std::vector<fs::path> originals;
  for (const auto& name : options.originals) {
    BC_ASSIGN(const auto more, pictures_in(job, name, problems));
    originals.insert(originals.end(), more.begin(), more.end());
  }
  BC_ASSIGN(const auto found, data::find_families(job.context, files, originals));
  BC_CHECK(write_text(options.output, csv_of(found, folder)));
  const std::size_t families = families_in(found);
  if (job.json) {
    nlohmann::ordered_json overlaps = nlohmann::ordered_json::array();
    for (const auto& [a, b] : found.overlapping_originals) overlaps.push_back({a, b});
    job.terminal.out << to_text(nlohmann::ordered_json{{"families_csv", options.output},
                                                       {"files", found.members.size()},
                                                       {"families", families},
                                                       {"too_little_content", found.too_little},
                                                       {"overlapping_originals", overlaps},
                                                       {"pairs_proposed", found.pairs_proposed},
                                                       {"pairs_verified", found.pairs_verified}});
  } else {
    job.terminal.out << fmt::format("{} pictures in {} families -> {}\n", found.members.size(),
                                    families, options.output);
    if (!found.overlapping_originals.empty()) {
      job.terminal.out << fmt::format("{} pairs of originals show partly the same field\n",
                                      found.overlapping_originals.size());
    }
    if (!found.too_little.empty()) {
      job.terminal.out << fmt::format("{} pictures hold too little to match; each is its own\n",
                                      found.too_little.size());
    }
  }
  return report_problems(job, problems);
}

Action set_up_families(CLI::App& command) {
  auto options = std::make_shared<FamiliesOptions>();
  command.add_option("folder", options->folder, "pictures to group")
      ->type_name("FOLDER")
      ->required();
  command
      .add_option("--originals", options->originals,
                  "pictures that name the family they fall in; may be given several times")
      ->type_name("FOLDER");
  command
      .add_option("-o,--output", options->output, "CSV of file,family; files as below the folder")
      ->type_name("FILE")
      ->required();
  return [options](const Job& job) { return run_families(job, *options); };
}

struct SynthesiseOptions {
  std::string output;
  data::SyntheticSetOptions set;
};

Result<int> run_synthesise(const Job& job, const SynthesiseOptions& options) {
  BC_CHECK(data::write_synthetic_set(job.context, options.output, options.set));
  job.terminal.out << fmt::format(
      "{}: {} cells a class, {} pictures of each; families.csv beside "
      "them\n",
      options.output, options.set.cells_per_class, options.set.copies_per_cell);
  return 0;
}

Action set_up_synthesise(CLI::App& command) {
  auto options = std::make_shared<SynthesiseOptions>();
  auto& set = options->set;
  command.add_option("-o,--output", options->output, "folder to write the class folders to")
      ->type_name("FOLDER")
      ->required();
  command.add_option("--cells-per-class", set.cells_per_class, "different cells");
  command.add_option("--copies", set.copies_per_cell, "turned copies of each: a family");
  command.add_option("--size", set.side_px, "side of the pictures in pixels");
  command.add_option("--labels", set.labels, "classes; without it all")->delimiter(',');
  command.add_option("--seed", set.seed, "of everything drawn");
  return [options](const Job& job) { return run_synthesise(job, *options); };
}

}  // namespace

Verb data_families_verb() {
  return {"families", "Group pictures that show one field or cell, by their content",
          "  bloodcell data families TRAIN/ -o families.csv\n"
          "  bloodcell data families copies/ --originals photographs/ -o families.csv",
          set_up_families, Uses::json | Uses::threads | Uses::files | Uses::pictures | Uses::lists};
}

Verb data_synthesise_verb() {
  return {"synthesise", "Draw a set of made-up cells, for trying things out",
          "  bloodcell data synthesise -o made-up/ --cells-per-class 50 --copies 3",
          set_up_synthesise, Uses::threads};
}

}  // namespace bloodcell::cli
