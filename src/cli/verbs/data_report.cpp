#include <filesystem>
#include <memory>
#include <optional>

#include <answer.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/table.hpp>
#include <bloodcell/data/explore.hpp>
#include <bloodcell/report/data_report.hpp>
#include <bloodcell/report/svg.hpp>
#include <verbs/data.hpp>

namespace bloodcell::cli {

namespace {

namespace fs = std::filesystem;

struct ReportOptions {
  std::string data;
  std::string split;
  std::string families;
  std::string output;
};

// The folder's name, also for `cells/` and `.`.
std::string name_of_set(const fs::path& path) {
  std::error_code error;
  fs::path whole = fs::absolute(path, error).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  return whole.filename().string();
}

Result<void> check_folder(const fs::path& output, const fs::path& input) {
  std::error_code error;
  if (output.empty() || fs::equivalent(output, input, error)) {
    return fail(ErrorCode::usage, "the report would stand among the pictures", output.string(),
                "give another folder with -o");
  }
  return {};
}

Result<void> write_report(const data::Exploration& told, const std::string& name,
                          const fs::path& folder) {
  BC_ASSIGN(const std::string page, report::page_of(told, name));
  for (const auto& plot : report::plots_of(told)) {
    BC_CHECK(write_text(folder / (plot.name + ".svg"), report::standalone(plot.svg)));
  }
  BC_CHECK(write_text(folder / "report.json", to_text(report::to_json(told, name))));
  return write_text(folder / "report.html", page);
}

Result<int> run_report(const Job& job, const ReportOptions& options) {
  BC_CHECK(check_folder(options.output, options.data));
  BC_ASSIGN(const auto dataset,
            data::open_dataset(job.context, options.data, {options.families, {}}));
  std::optional<data::Split> split;
  if (!options.split.empty()) {
    BC_ASSIGN(split, data::load_split(options.split, job.context.limits));
  }
  BC_ASSIGN(const auto told, data::explore(job.context, dataset, split));
  const std::string name = name_of_set(options.data);
  BC_CHECK(write_report(told, name, options.output));
  if (job.json) {
    job.terminal.out << to_text(report::to_json(told, name));
  } else {
    const auto number = [](std::size_t count) {
      return with_commas(static_cast<std::int64_t>(count));
    };
    job.terminal.out << fmt::format(
        "{} images of {} classes; {} unreadable, {} contents in several files, {} label "
        "conflicts -> {}\n",
        number(told.images), told.labels.size(), number(told.unreadable.size()),
        number(told.doubles.size()), number(told.conflicts.size()),
        (fs::path(options.output) / "report.html").string());
  }
  std::vector<Error> problems = told.problems;
  problems.insert(problems.end(), told.unreadable.begin(), told.unreadable.end());
  return report_problems(job, problems);
}

Action set_up_report(CLI::App& command) {
  auto options = std::make_shared<ReportOptions>();
  command
      .add_option("data", options->data, "folder of class folders (or TRAIN, TEST), or manifest")
      ->type_name("PATH")
      ->required();
  command.add_option("--split", options->split, "made by data split: names the parts")
      ->type_name("FILE");
  command.add_option("--families", options->families, "CSV of file,family")->type_name("FILE");
  command
      .add_option("-o,--output", options->output,
                  "folder for report.html, report.json and the plots")
      ->type_name("FOLDER")
      ->required();
  return [options](const Job& job) { return run_report(job, *options); };
}

}  // namespace

Verb data_report_verb() {
  return {"report", "Write a page on a set: counts, colours, sharpness, faults, example cells",
          "  bloodcell data report cells/ -o report/\n"
          "  bloodcell data report cells/ --split split.json -o report/",
          set_up_report, Uses::everything};
}

}  // namespace bloodcell::cli
