#include <map>
#include <memory>
#include <set>

#include <answer.hpp>

#include <bloodcell/cli/table.hpp>
#include <bloodcell/data/dataset.hpp>
#include <verbs/data.hpp>

namespace bloodcell::cli {

namespace {

struct ListOptions {
  std::string data;
  std::string families;
};

struct Count {
  std::int64_t images = 0;
  std::set<std::string> families;
};

// by published part, then by class
using Counts = std::map<std::string, std::map<std::string, Count>>;

Counts counts_of(const data::Dataset& dataset) {
  Counts counts;
  for (const auto& sample : dataset.samples) {
    Count& count = counts[sample.part][dataset.labels[static_cast<std::size_t>(sample.label)]];
    ++count.images;
    count.families.insert(sample.family);
  }
  return counts;
}

nlohmann::ordered_json document_of(const data::Dataset& dataset, const Counts& counts) {
  nlohmann::ordered_json document{{"labels", dataset.labels},
                                  {"images", dataset.samples.size()},
                                  {"families_known", dataset.has_families},
                                  {"counts", nlohmann::ordered_json::array()},
                                  {"problems", to_json(dataset.problems)}};
  for (const auto& [part, classes] : counts) {
    for (const auto& [label, count] : classes) {
      document["counts"].push_back({{"part", part},
                                    {"class", label},
                                    {"images", count.images},
                                    {"families", count.families.size()}});
    }
  }
  return document;
}

Result<int> run_list(const Job& job, const ListOptions& options) {
  BC_ASSIGN(const auto dataset,
            data::open_dataset(job.context, options.data, {options.families, {}}));
  const Counts counts = counts_of(dataset);
  if (job.json) {
    job.terminal.out << to_text(document_of(dataset, counts));
    return report_problems(job, dataset.problems);
  }
  Table table({"part", "class", ">images", ">families"});
  for (const auto& [part, classes] : counts) {
    for (const auto& [label, count] : classes) {
      table.row({part.empty() ? "–" : part, label, with_commas(count.images),
                 dataset.has_families
                     ? with_commas(static_cast<std::int64_t>(count.families.size()))
                     : "not known"});
    }
  }
  table.print(job.terminal.out);
  return report_problems(job, dataset.problems);
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<ListOptions>();
  command
      .add_option("data", options->data, "folder of class folders (or TRAIN, TEST), or manifest")
      ->type_name("PATH")
      ->required();
  command.add_option("--families", options->families, "CSV of file,family")->type_name("FILE");
  return [options](const Job& job) { return run_list(job, *options); };
}

}  // namespace

Verb data_list_verb() {
  return {"list", "Count pictures and families by class and part",
          "  bloodcell data list cells/\n  bloodcell data list cells.csv --families families.csv",
          set_up, Uses::json | Uses::files | Uses::lists};
}

}  // namespace bloodcell::cli
