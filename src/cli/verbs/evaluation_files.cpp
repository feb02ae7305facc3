#include <verbs/evaluation_files.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <numeric>

#include <answer.hpp>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/base/random.hpp>
#include <bloodcell/data/loader.hpp>
#include <bloodcell/image/draw.hpp>
#include <bloodcell/report/evaluation_report.hpp>
#include <bloodcell/report/svg.hpp>

namespace bloodcell::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMistakes = 24;
constexpr std::size_t kSamples = 16;
constexpr int kCellSide_px = 160;

Result<double> number_in(const CsvTable& table, std::size_t row, std::string_view column) {
  const auto place = table.column(column);
  if (!place) return fail(ErrorCode::malformed, fmt::format("no column {}", column));
  const std::string& text = table.rows[row][*place];
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return fail(ErrorCode::malformed, fmt::format("line {}: '{}' in column {} is not a number",
                                                  table.lines[row], text, column));
  }
  return value;
}

Result<std::vector<report::Epoch>> read_history(const fs::path& file, const Limits& limits) {
  BC_ASSIGN(const auto text, read_text(file, limits.max_file_bytes));
  BC_ASSIGN(const auto table, parse_csv(text));
  std::vector<report::Epoch> history;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    report::Epoch epoch;
    BC_ASSIGN(const double number, number_in(table, row, "epoch"));
    epoch.epoch = static_cast<int>(number);
    BC_ASSIGN(epoch.train_loss, number_in(table, row, "train_loss"));
    BC_ASSIGN(epoch.train_accuracy, number_in(table, row, "train_accuracy"));
    BC_ASSIGN(epoch.validation_loss, number_in(table, row, "validation_loss"));
    BC_ASSIGN(epoch.validation_accuracy, number_in(table, row, "validation_accuracy"));
    history.push_back(epoch);
  }
  return history;
}

Result<std::vector<report::ShownCell>> load_cells(const Context& context,
                                                  const data::Dataset& dataset,
                                                  const predict::Evaluation& evaluation,
                                                  const std::vector<std::size_t>& rows) {
  const image::Preprocessing small{.width_px = kCellSide_px, .height_px = kCellSide_px};
  std::vector<report::ShownCell> cells;
  for (const std::size_t row : rows) {
    const auto& sample = dataset.samples[evaluation.samples[row]];
    BC_ASSIGN(const auto picture, data::load_frame(dataset, sample, small, context.limits));
    cells.push_back({row, image::thumbnail(picture, kCellSide_px, kCellSide_px)});
  }
  return cells;
}

// Rows drawn from the seed, in the order of the table.
std::vector<std::size_t> drawn_rows(std::size_t rows, std::uint64_t seed) {
  std::vector<std::size_t> all(rows);
  std::iota(all.begin(), all.end(), std::size_t{0});
  Random random(seed, stream_of("shown samples"), 0);
  random.shuffle(std::span(all));
  all.resize(std::min(all.size(), kSamples));
  std::sort(all.begin(), all.end());
  return all;
}

Result<report::JudgedModel> judged_model(const Context& context, const data::Dataset& dataset,
                                         const predict::Evaluation& evaluation,
                                         const EvaluationFiles& files) {
  report::JudgedModel judged;
  judged.model = files.model;
  judged.data = fs::path(files.data).lexically_normal().string();
  judged.families_known = dataset.has_families;
  judged.table = evaluation.table;
  judged.report = evaluation.report;
  judged.sources = metrics::figures_by_source(judged.table, files.seed);
  auto mistakes = metrics::confident_mistakes(judged.table);
  mistakes.resize(std::min(mistakes.size(), kMistakes));
  BC_ASSIGN(judged.mistakes, load_cells(context, dataset, evaluation, mistakes));
  BC_ASSIGN(judged.samples, load_cells(context, dataset, evaluation,
                                       drawn_rows(judged.table.rows.size(), files.seed)));
  if (!files.reference.empty()) {
    const auto place = [&](Error error) { return with_path(std::move(error), files.reference); };
    BC_ASSIGN(const auto text, read_text(files.reference, context.limits.max_file_bytes));
    BC_ASSIGN(const auto reference, metrics::predictions_from_csv(text).map_error(place));
    BC_ASSIGN(judged.comparison,
              metrics::compare(judged.table, reference, files.seed).map_error(place));
    judged.reference = fs::path(files.reference).filename().string();
  }
  if (!files.run.empty()) {
    const fs::path history = fs::path(files.run) / "history.csv";
    BC_ASSIGN(judged.history, read_history(history, context.limits).map_error([&](Error error) {
      return with_path(std::move(error), history.string());
    }));
  }
  return judged;
}

}  // namespace

Result<void> write_evaluation(const Context& context, const data::Dataset& dataset,
                              const predict::Evaluation& evaluation, const EvaluationFiles& files) {
  BC_ASSIGN(const auto judged, judged_model(context, dataset, evaluation, files));
  const fs::path folder = files.folder;
  BC_ASSIGN(const auto page, report::page_of(judged));
  for (const auto& plot : report::plots_of(judged)) {
    BC_CHECK(write_text(folder / (plot.name + ".svg"), report::standalone(plot.svg)));
  }
  const nlohmann::ordered_json document{{"format", 1},
                                        {"model", judged.model},
                                        {"data", judged.data},
                                        {"report", metrics::to_json(judged.report)},
                                        {"curves", report::curves_to_json(judged)}};
  BC_CHECK(write_text(folder / "report.json", to_text(document)));
  BC_CHECK(write_text(folder / "classes.csv", report::classes_to_csv(judged)));
  BC_CHECK(write_text(folder / "predictions.csv", metrics::to_csv(judged.table)));
  return write_text(folder / "report.html", page);
}

}  // namespace bloodcell::cli
