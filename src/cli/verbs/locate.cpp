#include <algorithm>
#include <memory>
#include <optional>

#include <answer.hpp>
#include <output_file.hpp>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/draw.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/locate/locator.hpp>
#include <bloodcell/predict/inputs.hpp>
#include <verbs/location_report.hpp>
#include <verbs/model_options.hpp>

namespace bloodcell::cli {

namespace {

namespace fs = std::filesystem;

constexpr int kJpegQuality = 90;

struct LocateOptions {
  std::vector<std::string> inputs;
  std::string model;
  std::optional<double> min_score;
  std::string format = "table";
  std::string output;
  std::string draw;
  std::string truth;
  std::string only;
  bool all = false;
};

struct Located {
  std::vector<smear::CellBox> cells;
  std::optional<Error> error;
};

std::array<std::uint8_t, 3> colour_of(smear::Kind kind) {
  switch (kind) {
    case smear::Kind::white: return {0, 90, 255};
    case smear::Kind::red: return {220, 40, 40};
    case smear::Kind::platelet: return {20, 150, 60};
  }
  return {0, 0, 0};
}

Result<void> draw(image::Image picture, const std::vector<smear::CellBox>& cells,
                  const fs::path& path) {
  const int thickness = std::max(1, std::max(picture.width_px, picture.height_px) / 250);
  for (const auto& cell : cells) {
    image::draw_frame(picture, smear::whole_pixels(cell), colour_of(cell.kind), thickness);
  }
  BC_ASSIGN(const auto bytes, image::encode_jpeg(picture, kJpegQuality));
  return write_file(path, bytes);
}

// Two files of one name in different folders get drawings of their own.
fs::path drawing_of(const fs::path& folder, const fs::path& file, std::size_t number) {
  return folder / fmt::format("{:05}_{}.jpg", number + 1, file.stem().string());
}

Result<std::vector<smear::CellBox>> locate_one(const Context& context,
                                               const locate::Locator& locator,
                                               const LocateOptions& options, const fs::path& file,
                                               std::size_t number) {
  BC_ASSIGN(const auto bytes, read_file(file, context.limits.max_file_bytes));
  BC_ASSIGN(const auto picture, image::decode(bytes, context.limits));
  BC_ASSIGN(auto cells, locator.locate(picture));
  if (!options.all) {
    std::erase_if(cells, [](const auto& cell) { return cell.kind != smear::Kind::white; });
  }
  if (!options.draw.empty()) {
    BC_CHECK(draw(picture, cells, drawing_of(options.draw, file, number)));
  }
  return cells;
}

void write_csv(std::ostream& out, const std::string& file, const Located& located) {
  for (const auto& cell : located.cells) {
    const std::vector<std::string> fields{
        file,
        fmt::format("{:.1f}", cell.x),
        fmt::format("{:.1f}", cell.y),
        fmt::format("{:.1f}", cell.width),
        fmt::format("{:.1f}", cell.height),
        std::string(smear::kKindNames[static_cast<std::size_t>(cell.kind)]),
        fmt::format("{:.4f}", cell.score),
        cell.is_cut ? "yes" : "no"};
    out << csv_row(fields);
  }
}

nlohmann::ordered_json to_json(const std::string& file, const Located& located) {
  nlohmann::ordered_json cells = nlohmann::ordered_json::array();
  for (const auto& cell : located.cells) {
    cells.push_back({{"x", cell.x},
                     {"y", cell.y},
                     {"width", cell.width},
                     {"height", cell.height},
                     {"kind", smear::kKindNames[static_cast<std::size_t>(cell.kind)]},
                     {"score", cell.score},
                     {"cut", cell.is_cut}});
  }
  nlohmann::ordered_json row{{"file", file}, {"cells", cells}};
  if (located.error) row["error"] = located.error->message;
  return row;
}

void write_line(std::ostream& out, const std::string& file, const Located& located) {
  std::array<int, smear::kKinds> counts{};
  int cut = 0;
  for (const auto& cell : located.cells) {
    ++counts[static_cast<std::size_t>(cell.kind)];
    cut += cell.is_cut ? 1 : 0;
  }
  out << fmt::format("{:>6} {:>6} {:>9} {:>5}  {}\n", counts[0], counts[1], counts[2], cut, file);
}

class Answer {
 public:
  Answer(std::ostream& out, std::string format) : out_(out), format_(std::move(format)) {
    if (format_ == "csv") out_ << "file,x,y,width,height,kind,score,cut\n";
    if (format_ == "table") {
      out_ << fmt::format("{:>6} {:>6} {:>9} {:>5}  file\n", "white", "red", "platelets", "cut");
    }
  }
  void add(const std::string& file, const Located& located) {
    if (format_ == "csv") write_csv(out_, file, located);
    if (format_ == "json") rows_.push_back(to_json(file, located));
    if (format_ == "table" && !located.error) write_line(out_, file, located);
  }
  void end() {
    if (format_ == "json") out_ << to_text(nlohmann::ordered_json{{"fields", rows_}});
  }

 private:
  static std::string to_text(const nlohmann::ordered_json& document) {
    return cli::to_text(document);
  }

  std::ostream& out_;
  std::string format_;
  nlohmann::ordered_json rows_ = nlohmann::ordered_json::array();
};

Result<std::vector<Error>> locate_all(const Job& job, const locate::Locator& locator,
                                      const LocateOptions& options, const predict::Inputs& inputs,
                                      Answer& answer) {
  std::vector<Error> problems = inputs.problems;
  const std::size_t window = 8 * std::size_t{job.context.pool.size()};
  for (std::size_t first = 0; first < inputs.files.size(); first += window) {
    BC_CHECK(job.context.cancellation.check());
    const std::size_t here = std::min(window, inputs.files.size() - first);
    std::vector<Located> located(here);
    job.context.pool.for_each(here, [&](std::size_t i) {
      const auto& file = inputs.files[first + i];
      auto cells = locate_one(job.context, locator, options, file, first + i);
      if (cells) {
        located[i].cells = std::move(*cells);
      } else {
        located[i].error = with_path(cells.error(), file.string());
      }
    });
    for (std::size_t i = 0; i < here; ++i) {
      answer.add(inputs.files[first + i].string(), located[i]);
      if (located[i].error) problems.push_back(*located[i].error);
    }
    job.context.progress.update({"locating", first + here, inputs.files.size(), "fields", {}});
  }
  job.context.progress.finish();
  answer.end();
  return problems;
}

Result<int> run_locate(const Job& job, const LocateOptions& options) {
  BC_ASSIGN(const auto locator,
            open_locator(job.context, options.model, options.min_score.value_or(-1)));
  if (!options.truth.empty()) {
    return report_location(job, locator, options.truth, options.only);
  }
  if (options.inputs.empty()) {
    return fail(ErrorCode::usage, "nothing to look at", {}, "name fields, or --truth FOLDER");
  }
  BC_ASSIGN(const auto inputs, predict::find_inputs(job.context, options.inputs, job.terminal.in));
  const std::string format = job.json ? "json" : options.format;
  std::vector<Error> problems;
  if (options.output.empty()) {
    Answer answer(job.terminal.out, format);
    BC_ASSIGN(problems, locate_all(job, locator, options, inputs, answer));
  } else {
    BC_ASSIGN(auto file, OutputFile::create(options.output));
    Answer answer(file.stream(), format);
    BC_ASSIGN(problems, locate_all(job, locator, options, inputs, answer));
    BC_CHECK(file.commit());
  }
  return report_problems(job, problems);
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<LocateOptions>();
  command
      .add_option("inputs", options->inputs,
                  "fields: pictures, folders, patterns, or - for a list on stdin")
      ->type_name("PATH");
  command.add_option("--model", options->model, "model file; without it the shipped locator")
      ->type_name("FILE");
  command.add_option("--min-score", options->min_score, "without it as the model file says")
      ->check(CLI::Range(0.0, 1.0));
  command.add_flag("--all", options->all, "red cells and platelets too");
  command.add_option("--format", options->format, "table counts; csv and json list every cell")
      ->check(CLI::IsMember({"table", "csv", "json"}))
      ->capture_default_str();
  command.add_option("-o,--output", options->output, "write to a file, whole or not at all")
      ->type_name("FILE");
  command.add_option("--draw", options->draw, "write each field with its boxes to this folder")
      ->type_name("FOLDER");
  command
      .add_option("--truth", options->truth,
                  "judge the locator on a folder with boxes.csv and images/ instead")
      ->type_name("FOLDER");
  command
      .add_option("--only", options->only,
                  "with --truth: a list of files, or of <folder>/<file>, one a line")
      ->type_name("FILE");
  return [options](const Job& job) { return run_locate(job, *options); };
}

}  // namespace

Verb locate_verb() {
  return {"locate", "Find the cells of a field",
          "  bloodcell locate field.jpg --draw boxes/\n"
          "  bloodcell locate fields/ --all --format csv --output cells.csv\n"
          "  bloodcell locate --truth bccd-fields/ --only test.txt",
          set_up};
}

}  // namespace bloodcell::cli
