#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/ranges.h>

#include <answer.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/table.hpp>
#include <bloodcell/data/audit.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/report/split_audit.hpp>
#include <verbs/data.hpp>

namespace bloodcell::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShown = 20;

struct AuditOptions {
  std::string split;
  std::string train;
  std::string test;
  std::string families;
  std::string sheet;
  std::string data;
};

struct Findings {
  data::Split split;
  report::SplitAudit audit;
  std::vector<Error> problems;
};

Result<void> check(const AuditOptions& options) {
  const bool has_sides = !options.train.empty() || !options.test.empty();
  if (options.split.empty() != has_sides || options.train.empty() != options.test.empty()) {
    return fail(ErrorCode::usage, "give a split file, or both --train and --test");
  }
  if (!options.split.empty() && !options.families.empty()) {
    return fail(ErrorCode::usage, "--families goes with --train and --test", {},
                "a split file has its families");
  }
  if (options.sheet.empty()) return {};
  if (!options.split.empty() && options.data.empty()) {
    return fail(ErrorCode::usage, "--sheet of a split file needs the pictures", {},
                "give the folder they are in with --data");
  }
  for (const std::string* input : {&options.split, &options.train, &options.test}) {
    if (!input->empty()) BC_CHECK(check_output(options.sheet, *input));
  }
  const auto extension = fs::path(options.sheet).extension();
  if (extension != ".png" && extension != ".jpg" && extension != ".jpeg") {
    return fail(ErrorCode::usage, "a sheet is a .png or .jpg file", options.sheet);
  }
  return {};
}

Result<Findings> look(const Job& job, const AuditOptions& options) {
  Findings found;
  if (!options.split.empty()) {
    BC_ASSIGN(found.split, data::load_split(options.split, job.context.limits));
  } else {
    BC_ASSIGN(const auto train, data::open_dataset(job.context, options.train));
    BC_ASSIGN(const auto test, data::open_dataset(job.context, options.test));
    BC_ASSIGN(found.split, data::join_sides(job.context, train, test, options.families));
    found.problems = train.problems;
    found.problems.insert(found.problems.end(), test.problems.begin(), test.problems.end());
  }
  found.audit = report::audit_of(found.split);
  return found;
}

// Returns whether there was anything to show.
Result<bool> write_sheet(const Job& job, const AuditOptions& options, const Findings& found) {
  const auto pairs = data::worst_pairs(found.split, found.audit.leaks, data::kSheetPairs);
  if (pairs.empty()) return false;
  BC_ASSIGN(const auto sheet, data::contact_sheet(job.context, options.data, pairs));
  const bool is_png = fs::path(options.sheet).extension() == ".png";
  BC_ASSIGN(const Bytes bytes, is_png ? image::encode_png(sheet) : image::encode_jpeg(sheet, 90));
  BC_CHECK(write_file(options.sheet, bytes));
  return true;
}

nlohmann::ordered_json document_of(const AuditOptions& options, const Findings& found) {
  using nlohmann::ordered_json;
  ordered_json document;
  if (options.split.empty()) {
    document = {{"train", options.train}, {"test", options.test}};
  } else {
    document = {{"split", options.split}};
  }
  document.update(report::to_json(found.split, found.audit));
  return document;
}

void print_rest(std::ostream& out, std::size_t count) {
  if (count > kShown) out << fmt::format("… and {} more\n", count - kShown);
}

void print_leaks(std::ostream& out, const Findings& found) {
  const auto& leaks = found.audit.leaks;
  const std::string images = with_commas(static_cast<std::int64_t>(found.split.entries.size()));
  if (leaks.empty()) {
    out << fmt::format("Clean: no family and no file of {} images stands in two parts.\n", images);
    if (!found.split.has_families) {
      out << "But no families were known: pictures that differ and show one cell were not looked "
             "for.\n";
    }
    return;
  }
  Table table({"family or content", "stands in", ">files"});
  for (std::size_t i = 0; i < std::min(kShown, leaks.size()); ++i) {
    table.row({leaks[i].family, fmt::format("{}", fmt::join(leaks[i].parts, ", ")),
               std::to_string(leaks[i].files)});
  }
  table.print(out);
  print_rest(out, leaks.size());
  out << fmt::format("Leak: {} families or contents, {} of {} images, stand in several parts.\n",
                     leaks.size(),
                     with_commas(static_cast<std::int64_t>(found.audit.leaking_images)), images);
  if (!found.audit.doubles.empty()) {
    out << fmt::format("{} contents stand byte for byte in several parts.\n",
                       found.audit.doubles.size());
  }
}

void print_conflicts(std::ostream& out, const std::vector<data::Conflict>& conflicts) {
  if (conflicts.empty()) return;
  Table table({"family or content", "labels", ">files"});
  for (std::size_t i = 0; i < std::min(kShown, conflicts.size()); ++i) {
    table.row({conflicts[i].name, fmt::format("{}", fmt::join(conflicts[i].labels, ", ")),
               std::to_string(conflicts[i].files.size())});
  }
  table.print(out);
  print_rest(out, conflicts.size());
  out << fmt::format("Conflict: {} families or contents carry different labels.\n",
                     conflicts.size());
}

Result<int> run_audit(const Job& job, const AuditOptions& options) {
  BC_CHECK(check(options));
  BC_ASSIGN(const auto found, look(job, options));
  bool has_sheet = false;
  if (!options.sheet.empty()) {
    BC_ASSIGN(has_sheet, write_sheet(job, options, found));
  }
  if (job.json) {
    job.terminal.out << to_text(document_of(options, found));
  } else {
    if (options.split.empty()) {
      job.terminal.out << fmt::format("Looked by {}.\n", found.split.method);
    }
    print_leaks(job.terminal.out, found);
    print_conflicts(job.terminal.out, found.audit.conflicts);
    if (has_sheet) job.terminal.out << fmt::format("The worst pairs: {}\n", options.sheet);
  }
  const int status = report_problems(job, found.problems);
  return found.audit.leaks.empty() ? status : 1;
}

Action set_up_audit(CLI::App& command) {
  auto options = std::make_shared<AuditOptions>();
  command.add_option("split", options->split, "made by data split")->type_name("FILE");
  command.add_option("--train", options->train, "folder or manifest that is learnt from")
      ->type_name("PATH");
  command.add_option("--test", options->test, "folder or manifest that judges")->type_name("PATH");
  command
      .add_option("--families", options->families,
                  "CSV of file,family; without it families are found by content")
      ->type_name("FILE");
  command
      .add_option("--sheet", options->sheet,
                  "picture (.png, .jpg) of the worst pairs; none is written when there are none")
      ->type_name("FILE");
  command.add_option("--data", options->data, "where the files of a split are, for --sheet")
      ->type_name("FOLDER");
  return [options](const Job& job) { return run_audit(job, *options); };
}

}  // namespace

Verb data_audit_verb() {
  return {"audit", "Look for families and files on several sides; exit status 1 when there are any",
          "  bloodcell data audit split.json\n"
          "  bloodcell data audit --train TRAIN/ --test TEST/ --sheet leaks.png\n"
          "  bloodcell data audit split.json --data cells/ --sheet leaks.jpg",
          set_up_audit, Uses::everything};
}

}  // namespace bloodcell::cli
