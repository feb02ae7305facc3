#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <memory>

#include <answer.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/table.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/image/draw.hpp>
#include <bloodcell/locate/look.hpp>
#include <bloodcell/predict/cell_picture.hpp>
#include <bloodcell/report/differential_report.hpp>
#include <bloodcell/slide/slide.hpp>
#include <verbs/model_options.hpp>
#include <verbs/reference_ranges.hpp>
#include <verbs/slide_options.hpp>

namespace bloodcell::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kShownOfAClass = 24;
constexpr int kCellSide_px = 160;

struct DifferentialOptions {
  std::vector<std::string> inputs;
  ModelOptions model;
  locate::SlideOptions slides;
  std::string output;
  std::string name;
  std::string ranges;
  std::string confusion;
  std::string pdf;
  double red_per_litre = 0;  // 0: not known
};

// The confusions of a table of predictions of the same classes.
Result<std::optional<metrics::ConfusionMatrix>> read_confusion(
    const std::string& file, const std::vector<std::string>& labels, const Limits& limits) {
  if (file.empty()) return std::nullopt;
  BC_ASSIGN(const auto text, read_text(file, limits.max_file_bytes));
  BC_ASSIGN(const auto table, metrics::predictions_from_csv(text).map_error(
                                  [&](Error error) { return with_path(std::move(error), file); }));
  if (table.labels != labels) {
    return fail(ErrorCode::mismatch, "predictions of other classes than the model's", file,
                "make them with bloodcell evaluate --predictions and the same model");
  }
  return metrics::confusion_of(table);
}

// Rows → counts, and the first cells of each class for the gallery.
class Collector {
 public:
  Collector(const Context& context, std::vector<std::string> labels,
            const locate::SlideOptions& slides)
      : context_(context), slides_(slides) {
    counts_.identified.resize(labels.size());
    counts_.labels = std::move(labels);
  }

  void add(const predict::Row& row) {
    if (row.file != last_file_ && row.status != predict::Status::error) ++counts_.fields;
    last_file_ = row.file;
    if (row.status == predict::Status::ok) {
      const auto label = static_cast<std::size_t>(row.class_index);
      ++counts_.identified[label];
      show(counts_.labels[label], row, fmt::format("{:.0f} %", 100 * row.confidence));
    } else if (row.status == predict::Status::unidentified) {
      ++counts_.unidentified;
      show("unidentified", row, row.message);
    }
  }

  [[nodiscard]] const differential::Counts& counts() const { return counts_; }

  // In the order of the labels, unidentified last.
  [[nodiscard]] std::vector<report::GalleryCell> gallery() const {
    std::vector<report::GalleryCell> cells;
    auto headings = counts_.labels;
    headings.emplace_back("unidentified");
    for (const auto& heading : headings) {
      const auto found = shown_.find(heading);
      if (found == shown_.end()) continue;
      cells.insert(cells.end(), found->second.begin(), found->second.end());
    }
    return cells;
  }

 private:
  void show(const std::string& heading, const predict::Row& row, const std::string& what) {
    auto& cells = shown_[heading];
    if (cells.size() >= kShownOfAClass) return;
    const auto cell = predict::cell_picture(row.file, row.box, context_.limits, slides_);
    if (!cell) return;  // its row says so
    cells.push_back({heading, fmt::format("{}, {}", fs::path(row.file).filename().string(), what),
                     image::thumbnail(*cell, kCellSide_px, kCellSide_px)});
  }

  const Context& context_;
  const locate::SlideOptions& slides_;
  differential::Counts counts_;
  std::string last_file_;
  std::map<std::string, std::vector<report::GalleryCell>> shown_;
};

// Whole red cells and platelets of each picture, as long as each shows a field and none is a
// scanned slide; else none.
Result<void> count_fields(const Context& context, const DifferentialOptions& options,
                          const std::vector<fs::path>& files, differential::Counts& counts) {
  BC_ASSIGN(const auto locator, open_locator(context,
                                             options.model.locator.empty() ? options.model.model
                                                                           : options.model.locator,
                                             {.precision = precision_of(options.model.precision)}));
  struct Field {
    bool is_field = false;
    bool is_read = false;
    std::array<std::uint64_t, smear::kKinds> cells{};
  };
  std::vector<Field> fields(files.size());
  context.pool.for_each(files.size(), [&](std::size_t i) {
    if (slide::is_slide(files[i], context.limits)) {
      fields[i].is_read = true;
      return;
    }
    const auto picture = image::decode_file(files[i], context.limits);
    if (!picture) return;  // its row says so
    const auto look = locate::look(locator, *picture);
    if (!look) return;
    fields[i].is_read = true;
    fields[i].is_field = !look->shown.is_one_cell;
    for (const auto& cell : look->located) {
      if (!cell.is_cut) ++fields[i].cells[static_cast<std::size_t>(cell.kind)];
    }
  });
  BC_CHECK(context.cancellation.check());
  for (const auto& field : fields) {
    if (!field.is_read) continue;
    if (!field.is_field) {
      counts.red_of_field.clear();
      counts.platelets_of_field.clear();
      return {};
    }
    counts.red_of_field.push_back(field.cells[static_cast<std::size_t>(smear::Kind::red)]);
    counts.platelets_of_field.push_back(
        field.cells[static_cast<std::size_t>(smear::Kind::platelet)]);
  }
  return {};
}

void print(std::ostream& out, const report::CountedPatient& patient) {
  Table table({"class", ">cells", ">percent", ">95 %", ">corrected", "place"});
  for (const auto& of : patient.count.classes) {
    table.row({of.label, fmt::format("{}", of.count), fmt::format("{:.1f}", 100 * of.share),
               fmt::format("{:.1f} – {:.1f}", 100 * of.interval.low, 100 * of.interval.high),
               of.corrected ? fmt::format("{:.1f}", 100 * *of.corrected) : "",
               std::string(differential::name_of(of.placed))});
  }
  table.print(out);
  out << fmt::format("{} white cells, {} unidentified, {} pictures\n", patient.count.white,
                     patient.count.unidentified, patient.count.fields);
  for (const auto& of : patient.count.others) {
    out << fmt::format("{} {}: {:.1f} per 100 white cells\n", of.count, of.label, of.per_100_white);
  }
  if (patient.count.estimates) {
    const auto& of = *patient.count.estimates;
    out << fmt::format(
        "{:.0f} red cells and {:.1f} platelets a field; {:.1f} platelets per 1000 red "
        "cells\n",
        of.red.mean, of.platelets.mean, of.platelets_per_1000_red);
    if (of.white_per_litre) {
      out << fmt::format("estimated: {:.1f} white cells and {:.0f} platelets, 10^9/l\n",
                         *of.white_per_litre, *of.platelets_per_litre);
    }
  }
  for (const auto& warning : patient.count.warnings) out << "note: " << warning << '\n';
  out << report::kResearchUse << '\n';
}

Result<int> run_differential(const Job& job, const DifferentialOptions& options) {
  differential::Settings settings;
  BC_CHECK(read_ranges(options.ranges, job.context.limits, settings));
  BC_ASSIGN(const auto inputs, predict::find_inputs(job.context, options.inputs, job.terminal.in));
  auto how = predict_options(options.model);
  how.slides = options.slides;
  BC_ASSIGN(const auto predictor, open_predictor(job.context, options.model, how));
  const auto& labels = predictor.labels();
  BC_CHECK(check_ranges(settings, labels, options.ranges));
  BC_ASSIGN(const auto confusion, read_confusion(options.confusion, labels, job.context.limits));

  Collector collector(job.context, labels, options.slides);
  BC_ASSIGN(const auto totals, predictor.run(job.context, inputs, [&](const predict::Row& row) {
    collector.add(row);
    if (row.status == predict::Status::error)
      job.context.log.warning("left out: {}: {}", row.file, row.message);
  }));
  if (totals.files > 0 && totals.errors == totals.files) {
    return fail(ErrorCode::unreadable, "none of the pictures can be read", {},
                "see why above; nothing was written");
  }
  report::CountedPatient patient;
  patient.name = options.name.empty() ? "unnamed" : options.name;
  patient.model = predictor.description().name;
  patient.ranges_source = settings.ranges_source;
  auto counts = collector.counts();
  if (predictor.locates()) {
    BC_CHECK(count_fields(job.context, options, inputs.files, counts));
  }
  if (options.red_per_litre > 0) settings.red_per_litre = options.red_per_litre;
  BC_ASSIGN(patient.count, differential::differentiate(counts, settings, confusion));
  if (settings.red_per_litre && !patient.count.estimates) {
    return fail(ErrorCode::usage, "--red-cells is for fields, and these pictures show cells", {},
                "leave it out, or give fields and a model that finds cells in them");
  }
  patient.gallery = collector.gallery();

  if (!options.output.empty()) {
    const fs::path folder = options.output;
    BC_ASSIGN(const auto page, report::page_of(patient));
    BC_CHECK(write_text(folder / "differential.json", to_text(report::to_json(patient))));
    BC_CHECK(write_text(
        folder / "differential.csv",
        fmt::format("# {}\n{}", report::kResearchUse, differential::to_csv(patient.count))));
    BC_CHECK(write_text(folder / "differential.html", page));
  }
  if (!options.pdf.empty()) {
    BC_ASSIGN(const auto pdf, report::pdf_of(patient));
    BC_CHECK(write_file(options.pdf, pdf));
  }
  if (job.json) {
    job.terminal.out << to_text(report::to_json(patient));
  } else {
    print(job.terminal.out, patient);
  }
  if (totals.errors == 0) return 0;
  job.context.log.warning("{} of {} files could not be read; they are in no figure", totals.errors,
                          totals.files);
  return kSomeUnreadable;
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<DifferentialOptions>();
  command
      .add_option("inputs", options->inputs,
                  "all pictures or scanned slides of one patient: files, folders, patterns, or - "
                  "for a list on stdin")
      ->type_name("PATH")
      ->required();
  add_model_options(command, options->model);
  add_classes_option(command, options->model);
  add_confidence_option(command, options->model);
  add_slide_options(command, options->slides);
  command
      .add_option("-o,--output", options->output,
                  "folder for differential.html, to read and to print, .csv and .json")
      ->type_name("FOLDER");
  command.add_option("--pdf", options->pdf, "the count as a PDF to print")->type_name("FILE");
  command
      .add_option("--red-cells", options->red_per_litre,
                  "red cells of the same blood, 10^12/l: estimates white cells and platelets from "
                  "their ratio to red cells")
      ->check(CLI::Range(0.1, 20.0));
  command.add_option("--name", options->name, "what the count is called on the page")
      ->type_name("TEXT");
  command
      .add_option("--ranges", options->ranges,
                  "reference ranges as TOML: source = \"…\", [percent] label = [low, high]")
      ->type_name("FILE");
  command
      .add_option("--confusion", options->confusion,
                  "predictions of this model on cells of known class (evaluate --predictions): "
                  "corrects the shares")
      ->type_name("FILE");
  return [options](const Job& job) { return run_differential(job, *options); };
}

}  // namespace

Verb differential_verb() {
  return {"differential", "Count a patient's white cells: shares, intervals, warnings, a page",
          "  bloodcell differential patient/ -o count/ --pdf count/count.pdf\n"
          "  bloodcell differential 'patient/*.png' --ranges ranges.toml \\\n"
          "      --confusion predictions.csv -o count/",
          set_up};
}

}  // namespace bloodcell::cli
