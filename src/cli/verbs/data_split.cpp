#include <map>
#include <memory>
#include <set>

#include <answer.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/table.hpp>
#include <bloodcell/data/split.hpp>
#include <verbs/data.hpp>

namespace bloodcell::cli {

namespace {

struct SplitVerbOptions {
  std::string data;
  std::string families;
  std::string output;
  data::SplitOptions split;
};

struct Count {
  std::int64_t images = 0;
  std::set<std::string> families;
};

using Counts = std::map<std::string, std::map<std::string, Count>>;  // part, class

Counts counts_of(const data::Split& split) {
  Counts counts;
  for (const auto& entry : split.entries) {
    Count& count = counts[entry.part][entry.label];
    ++count.images;
    count.families.insert(entry.family);
  }
  return counts;
}

void print(std::ostream& out, const data::Split& split) {
  std::vector<std::string> columns{"part"};
  for (const auto& label : split.labels) columns.push_back(">" + label);
  columns.emplace_back(">images");
  columns.emplace_back(">families");
  Table table(columns);
  for (const auto& [part, classes] : counts_of(split)) {
    std::vector<std::string> cells{part};
    std::int64_t images = 0;
    std::set<std::string> families;
    for (const auto& label : split.labels) {
      const auto found = classes.find(label);
      const std::int64_t here = found == classes.end() ? 0 : found->second.images;
      const std::size_t of = found == classes.end() ? 0 : found->second.families.size();
      cells.push_back(fmt::format("{} ({})", with_commas(here), of));
      images += here;
      if (found != classes.end()) {
        families.insert(found->second.families.begin(), found->second.families.end());
      }
    }
    cells.push_back(with_commas(images));
    cells.push_back(with_commas(static_cast<std::int64_t>(families.size())));
    table.row(std::move(cells));
  }
  table.print(out);
  out << "Images, families in brackets.\n";
}

nlohmann::ordered_json document_of(const SplitVerbOptions& options, const data::Split& split) {
  nlohmann::ordered_json document{{"split", options.output},
                                  {"method", split.method},
                                  {"seed", split.seed},
                                  {"families_known", split.has_families},
                                  {"counts", nlohmann::ordered_json::array()}};
  for (const auto& [part, classes] : counts_of(split)) {
    for (const auto& [label, count] : classes) {
      document["counts"].push_back({{"part", part},
                                    {"class", label},
                                    {"images", count.images},
                                    {"families", count.families.size()}});
    }
  }
  return document;
}

Result<int> run_split(const Job& job, const SplitVerbOptions& options) {
  BC_CHECK(check_output(options.output, options.data));
  BC_ASSIGN(const auto dataset,
            data::open_dataset(job.context, options.data, {options.families, {}}));
  if (!dataset.has_families && !options.split.by_image) {
    job.context.log.warning(
        "no families are known: each image counts as its own. If some show one cell, find the "
        "families first: bloodcell data families {} -o families.csv",
        options.data);
  }
  BC_ASSIGN(const auto split, data::make_split(job.context, dataset, options.split));
  BC_CHECK(write_text(options.output, data::to_json_text(split)));
  if (job.json) {
    job.terminal.out << to_text(document_of(options, split));
  } else {
    print(job.terminal.out, split);
  }
  return report_problems(job, dataset.problems);
}

Action set_up_split(CLI::App& command) {
  auto options = std::make_shared<SplitVerbOptions>();
  auto& split = options->split;
  command
      .add_option("data", options->data, "folder of class folders (or TRAIN, TEST), or manifest")
      ->type_name("PATH")
      ->required();
  command.add_option("--families", options->families, "CSV of file,family")->type_name("FILE");
  command.add_option("-o,--output", options->output, "the split, as JSON")
      ->type_name("FILE")
      ->required();
  command.add_option("--seed", split.seed, "of the order families are dealt in");
  command.add_option("--validation", split.validation, "share of the images that watches training");
  command.add_option("--test", split.test, "share of the images that judges");
  command.add_option("--folds", split.folds, "this many folds instead of shares; 0: none");
  command.add_option("--test-part", split.test_part,
                     "a published part that judges as it stands, such as TEST");
  command
      .add_option("--teach-only", split.teach_only,
                  "sources that are learned from and neither watch nor judge")
      ->type_name("SOURCE");
  command.add_flag("--by-image", split.by_image,
                   "ignore families; it leaks, and is there to show what that does");
  return [options](const Job& job) { return run_split(job, *options); };
}

}  // namespace

Verb data_split_verb() {
  return {"split", "Deal a set into train, validation and test, whole families at a time",
          "  bloodcell data split cells/ --families families.csv -o split.json\n"
          "  bloodcell data split cells/ --families families.csv --folds 5 -o folds.json",
          set_up_split, Uses::json | Uses::threads | Uses::files | Uses::lists};
}

}  // namespace bloodcell::cli
