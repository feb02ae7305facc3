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
#include <bloodcell/locate/look.hpp>
#include <bloodcell/predict/inputs.hpp>
#include <bloodcell/slide/slide.hpp>
#include <bloodcell/smear/nucleus.hpp>
#include <verbs/location_report.hpp>
#include <verbs/model_options.hpp>
#include <verbs/slide_options.hpp>

namespace bloodcell::cli {

namespace {

namespace fs = std::filesystem;

constexpr int kJpegQuality = 90;

struct LocateOptions {
  std::vector<std::string> inputs;
  std::string model;
  std::optional<double> min_score;
  std::string precision = "auto";
  std::string format = "table";
  std::string output;
  std::string draw;
  std::string truth;
  std::string nucleus_truth;
  std::string only;
  bool all = false;
  bool nuclei = false;
  double um_per_px = 0;  // 0: not known
  locate::SlideOptions slides;
};

struct Located {
  std::vector<smear::CellBox> cells;
  std::vector<smear::Nucleus> nuclei;  // one a cell when asked for; empty ones of other kinds
  std::optional<Error> error;
  double um_per_px = 0;  // as a slide says; 0: not known
};

std::array<std::uint8_t, 3> colour_of(smear::Kind kind) {
  switch (kind) {
    case smear::Kind::white: return {0, 90, 255};
    case smear::Kind::red: return {220, 40, 40};
    case smear::Kind::platelet: return {20, 150, 60};
  }
  return {0, 0, 0};
}

void draw_outline(image::Image& picture, const smear::Nucleus& nucleus) {
  constexpr std::array<std::uint8_t, 3> kYellow{255, 220, 0};
  const auto& place = nucleus.place;
  for (int y = place.y; y < place.y + place.height; ++y) {
    for (int x = place.x; x < place.x + place.width; ++x) {
      const bool is_inner = nucleus.has(x - 1, y) && nucleus.has(x + 1, y) &&
                            nucleus.has(x, y - 1) && nucleus.has(x, y + 1);
      if (!nucleus.has(x, y) || is_inner) continue;
      std::copy(kYellow.begin(), kYellow.end(), picture.at(x, y).begin());
    }
  }
}

Result<void> draw(image::Image picture, const Located& located, const fs::path& path) {
  const int thickness = std::max(1, std::max(picture.width_px, picture.height_px) / 250);
  for (const auto& nucleus : located.nuclei) draw_outline(picture, nucleus);
  for (const auto& cell : located.cells) {
    image::draw_frame(picture, smear::whole_pixels(cell), colour_of(cell.kind), thickness);
  }
  BC_ASSIGN(const auto bytes, image::encode_jpeg(picture, kJpegQuality));
  return write_file(path, bytes);
}

// Two files of one name in different folders get drawings of their own.
fs::path drawing_of(const fs::path& folder, const fs::path& file, std::size_t number) {
  return folder / fmt::format("{:05}_{}.jpg", number + 1, file.stem().string());
}

Result<Located> locate_one(const Context& context, const locate::Locator& locator,
                           const LocateOptions& options, const fs::path& file, std::size_t number) {
  BC_ASSIGN(const auto bytes, read_file(file, context.limits.max_file_bytes));
  BC_ASSIGN(const auto picture, image::decode(bytes, context.limits));
  Located located;
  BC_ASSIGN(auto seen, locate::look(locator, picture));
  located.cells = std::move(seen.located);
  if (!options.all) {
    std::erase_if(located.cells, [](const auto& cell) { return cell.kind != smear::Kind::white; });
  }
  if (options.nuclei) {
    for (const auto& cell : located.cells) {
      located.nuclei.push_back(cell.kind == smear::Kind::white ? smear::find_nucleus(picture, cell)
                                                               : smear::Nucleus{});
    }
  }
  if (!options.draw.empty()) {
    BC_CHECK(draw(picture, located, drawing_of(options.draw, file, number)));
  }
  return located;
}

struct FoundCell {
  smear::CellBox cell;  // in pixels of the slide
  smear::Nucleus nucleus;
};

// An overview of the slide with its cells.
Result<void> draw_slide(const slide::Slide& slide, const Located& located, const fs::path& path) {
  constexpr int kLongest_px = 4096;
  BC_ASSIGN(auto picture, slide.overview(kLongest_px));
  const double scale = static_cast<double>(picture.width_px) / slide.width_px();
  Located small;
  for (auto cell : located.cells) {
    cell.x *= scale;
    cell.y *= scale;
    cell.width *= scale;
    cell.height *= scale;
    small.cells.push_back(cell);
  }
  return draw(std::move(picture), small, path);
}

Result<Located> locate_slide(const Context& context, const locate::Locator& locator,
                             const LocateOptions& options, const fs::path& file,
                             std::size_t number) {
  BC_ASSIGN(const auto slide, slide::Slide::open(file, options.slides.max_pixels));
  BC_ASSIGN(const auto plan,
            locate::TilePlan::make(slide.width_px(), slide.height_px(), slide.um_per_px(),
                                   locator.description().preprocessing, options.slides));
  const auto look = [&](const image::Image& picture,
                        const locate::Tile& tile) -> Result<std::vector<FoundCell>> {
    BC_ASSIGN(const auto cells, locator.locate(picture));
    std::vector<FoundCell> found;
    for (const auto& cell : cells) {
      const bool is_white = cell.kind == smear::Kind::white;
      const auto in_slide = locate::in_slide(cell, tile);
      if ((!is_white && !options.all) || !plan.is_within(tile, in_slide)) continue;
      found.push_back({in_slide, {}});
      if (!options.nuclei || !is_white) continue;
      auto& nucleus = found.back().nucleus;
      nucleus = smear::find_nucleus(picture, cell);
      nucleus.place.x += tile.place.x;
      nucleus.place.y += tile.place.y;
    }
    return found;
  };
  BC_ASSIGN(auto found,
            locate::walk_slide<FoundCell>(context, slide, plan, options.slides.max_cells, look));
  Located located;
  for (auto& cell : found) {
    located.cells.push_back(cell.cell);
    if (options.nuclei) located.nuclei.push_back(std::move(cell.nucleus));
  }
  located.um_per_px = plan.um_per_px();
  if (!options.draw.empty()) {
    BC_CHECK(draw_slide(slide, located, drawing_of(options.draw, file, number)));
  }
  return located;
}

double area_um2(std::int64_t area_px, const LocateOptions& options) {
  return static_cast<double>(area_px) * options.um_per_px * options.um_per_px;
}

void write_csv(std::ostream& out, const std::string& file, const Located& located,
               const LocateOptions& options) {
  for (std::size_t i = 0; i < located.cells.size(); ++i) {
    const auto& cell = located.cells[i];
    std::vector<std::string> fields{
        file,
        fmt::format("{:.1f}", cell.x),
        fmt::format("{:.1f}", cell.y),
        fmt::format("{:.1f}", cell.width),
        fmt::format("{:.1f}", cell.height),
        std::string(smear::kKindNames[static_cast<std::size_t>(cell.kind)]),
        fmt::format("{:.4f}", cell.score),
        cell.is_cut ? "yes" : "no"};
    if (options.nuclei) {
      const bool is_white = cell.kind == smear::Kind::white;
      const auto area = located.nuclei[i].area_px;
      fields.push_back(is_white ? fmt::format("{}", area) : "");
      if (options.um_per_px > 0) {
        fields.push_back(is_white ? fmt::format("{:.2f}", area_um2(area, options)) : "");
      }
    }
    out << csv_row(fields);
  }
}

nlohmann::ordered_json to_json(const smear::Nucleus& nucleus, const LocateOptions& options) {
  const auto& place = nucleus.place;
  nlohmann::ordered_json json{{"area_px", nucleus.area_px}};
  if (options.um_per_px > 0) json["area_um2"] = area_um2(nucleus.area_px, options);
  json["x"] = place.x;
  json["y"] = place.y;
  json["size"] = {place.height, place.width};
  json["counts"] = smear::run_lengths(nucleus.mask, place.width);
  return json;
}

nlohmann::ordered_json to_json(const std::string& file, const Located& located,
                               const LocateOptions& options) {
  nlohmann::ordered_json cells = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < located.cells.size(); ++i) {
    const auto& cell = located.cells[i];
    cells.push_back({{"x", cell.x},
                     {"y", cell.y},
                     {"width", cell.width},
                     {"height", cell.height},
                     {"kind", smear::kKindNames[static_cast<std::size_t>(cell.kind)]},
                     {"score", cell.score},
                     {"cut", cell.is_cut}});
    if (options.nuclei && cell.kind == smear::Kind::white) {
      cells.back()["nucleus"] = to_json(located.nuclei[i], options);
    }
  }
  nlohmann::ordered_json row{{"file", file}, {"cells", cells}};
  if (located.um_per_px > 0) row["um_per_px"] = located.um_per_px;
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
  Answer(std::ostream& out, std::string format, const LocateOptions& options)
      : out_(out), format_(std::move(format)), options_(options) {
    if (format_ == "csv") {
      out_ << "file,x,y,width,height,kind,score,cut" << (options.nuclei ? ",nucleus_px" : "")
           << (options.nuclei && options.um_per_px > 0 ? ",nucleus_um2" : "") << "\n";
    }
    if (format_ == "table") {
      out_ << fmt::format("{:>6} {:>6} {:>9} {:>5}  file\n", "white", "red", "platelets", "cut");
    }
  }
  void add(const std::string& file, const Located& located) {
    if (format_ == "csv") write_csv(out_, file, located, options_);
    if (format_ == "json") rows_.push_back(to_json(file, located, options_));
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
  const LocateOptions& options_;
  nlohmann::ordered_json rows_ = nlohmann::ordered_json::array();
};

Result<std::vector<Error>> locate_all(const Job& job, const locate::Locator& locator,
                                      const LocateOptions& options, const predict::Inputs& inputs,
                                      Answer& answer) {
  std::vector<Error> problems = inputs.problems;
  const std::size_t window = 8 * std::size_t{job.context.pool.size()};
  for (std::size_t first = 0; first < inputs.files.size();) {
    BC_CHECK(job.context.cancellation.check());
    const auto turn =
        predict::next_turn(job.context, std::span(inputs.files).subspan(first), window);
    std::vector<Located> located(turn.files.size());
    const auto look = [&](std::size_t i) {
      const auto& file = turn.files[i];
      auto one = turn.is_slide ? locate_slide(job.context, locator, options, file, first + i)
                               : locate_one(job.context, locator, options, file, first + i);
      if (one) {
        located[i] = std::move(*one);
      } else {
        located[i].error = with_path(one.error(), file.string());
      }
    };
    if (turn.is_slide) {
      look(0);
      BC_CHECK(job.context.cancellation.check());
    } else {
      job.context.pool.for_each(turn.files.size(), look);
    }
    for (std::size_t i = 0; i < turn.files.size(); ++i) {
      answer.add(turn.files[i].string(), located[i]);
      if (located[i].error) problems.push_back(*located[i].error);
    }
    first += turn.files.size();
    job.context.progress.update({"locating", first, inputs.files.size(), "fields", {}});
  }
  job.context.progress.finish();
  answer.end();
  return problems;
}

// Options that would have no effect beside others.
Result<void> check_together(const LocateOptions& options) {
  const bool judges = !options.truth.empty() || !options.nucleus_truth.empty();
  const auto alone = [](const char* what, const char* remedy) {
    return fail(ErrorCode::usage, what, {}, remedy);
  };
  if (!options.truth.empty() && !options.nucleus_truth.empty())
    return alone("--truth beside --nucleus-truth", "judge one after the other");
  if (judges && (!options.inputs.empty() || !options.output.empty() || !options.draw.empty() ||
                 options.nuclei || options.all)) {
    return alone("a folder with truth is judged, and nothing else is done",
                 "leave out the fields, --output, --draw, --nuclei and --all");
  }
  if (options.precision == "int8")
    return alone("a locator has no layers in int8",
                 "say auto: it finds what predict --precision int8 finds");
  if (!judges && !options.only.empty())
    return alone("--only without truth", "add --truth or --nucleus-truth");
  if (options.um_per_px > 0 && !options.nuclei)
    return alone("--um-per-px without --nuclei", "add --nuclei");
  return {};
}

Result<int> run_locate(const Job& job, const LocateOptions& options) {
  BC_CHECK(check_together(options));
  BC_ASSIGN(const auto locator, open_locator(job.context, options.model,
                                             {.min_score = options.min_score.value_or(-1),
                                              .precision = precision_of(options.precision)}));
  if (!options.truth.empty()) {
    return report_location(job, locator, options.truth, options.only);
  }
  if (!options.nucleus_truth.empty()) {
    return report_nuclei(job, locator, options.nucleus_truth, options.only);
  }
  if (options.inputs.empty()) {
    return fail(ErrorCode::usage, "nothing to look at", {}, "name fields, or --truth FOLDER");
  }
  BC_ASSIGN(const auto inputs, predict::find_inputs(job.context, options.inputs, job.terminal.in));
  const std::string format = job.json ? "json" : options.format;
  if (options.nuclei && format == "table" && options.draw.empty()) {
    return fail(ErrorCode::usage, "--nuclei without a place for them", {},
                "add --format csv, --json or --draw FOLDER");
  }
  std::vector<Error> problems;
  if (options.output.empty()) {
    Answer answer(job.terminal.out, format, options);
    BC_ASSIGN(problems, locate_all(job, locator, options, inputs, answer));
  } else {
    BC_ASSIGN(auto file, OutputFile::create(options.output));
    Answer answer(file.stream(), format, options);
    BC_ASSIGN(problems, locate_all(job, locator, options, inputs, answer));
    BC_CHECK(file.commit());
  }
  return report_problems(job, problems);
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<LocateOptions>();
  command
      .add_option("inputs", options->inputs,
                  "fields: pictures, scanned slides, folders, patterns, or - for a list on stdin")
      ->type_name("PATH");
  command.add_option("--model", options->model, "model file; without it the shipped locator")
      ->type_name("FILE");
  command.add_option("--min-score", options->min_score, "without it as the model file says")
      ->check(CLI::Range(0.0, 1.0));
  add_precision_option(command, options->precision,
                       "of the network's arithmetic, as for predict; auto: bfloat16 where that is "
                       "fast and the model file says that it costs little, else float32");
  command.add_flag("--all", options->all, "red cells and platelets too");
  command.add_flag("--nuclei", options->nuclei,
                   "nuclei of white cells too: area in csv, area and mask in json, outline drawn");
  command
      .add_option("--um-per-px", options->um_per_px,
                  "with --nuclei: the side of a pixel, for areas in square micrometres")
      ->check(CLI::Range(0.001, 100.0));
  add_slide_options(command, options->slides);
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
      .add_option("--nucleus-truth", options->nucleus_truth,
                  "judge the nuclei on a folder with labels.csv (file,mask) instead")
      ->type_name("FOLDER");
  command
      .add_option(
          "--only", options->only,
          "with --truth or --nucleus-truth: a list of files, or of <folder>/<file>, one a line")
      ->type_name("FILE");
  return [options](const Job& job) { return run_locate(job, *options); };
}

}  // namespace

Verb locate_verb() {
  return {"locate", "Find the cells of a field",
          "  bloodcell locate field.jpg --draw boxes/\n"
          "  bloodcell locate field.jpg --nuclei --um-per-px 0.1 --json\n"
          "  bloodcell locate fields/ --all --format csv --output cells.csv\n"
          "  bloodcell locate --truth bccd-fields/ --only test.txt",
          set_up};
}

}  // namespace bloodcell::cli
