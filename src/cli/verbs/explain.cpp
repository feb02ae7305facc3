#include <filesystem>
#include <memory>

#include <answer.hpp>
#include <cache_folder.hpp>
#include <installed.hpp>
#include <verbs/model_options.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/table.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/explain/explainer.hpp>
#include <bloodcell/explain/output.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/predict/inputs.hpp>

namespace bloodcell::cli {

namespace fs = std::filesystem;

namespace {

struct ExplainVerbOptions {
  std::vector<std::string> inputs;
  std::string model;
  std::string locator;
  std::string cache;
  std::string output;
  std::string method = "auto";
  std::string precision = "auto";
  std::string neighbours;
  bool reads_once = false;
  explain::ExplainOptions how;
};

// The cells of one picture, with their sheets.
struct Explained {
  std::vector<explain::ExplainedCell> cells;
  std::vector<Bytes> sheets;
};

Result<Explained> explain_file(const explain::Explainer& explainer, const fs::path& path,
                               const Limits& limits) {
  BC_ASSIGN(const auto picture, image::decode_file(path, limits));
  Explained done;
  BC_ASSIGN(done.cells, explainer.explain(picture, path.string()));
  for (const auto& cell : done.cells) {
    BC_ASSIGN(const auto sheet, explain::sheet_of(cell, explainer, limits));
    BC_ASSIGN(auto png, image::encode_png(sheet));
    done.sheets.push_back(std::move(png));
  }
  return done;
}

Result<explain::Explainer> open_explainer(const Job& job, ExplainVerbOptions options) {
  const auto& limits = job.context.limits;
  BC_ASSIGN(const auto path, find_model(options.model));
  const auto place = [&](Error error) { return with_path(std::move(error), path.string()); };
  BC_ASSIGN(const auto model, model_file::load(path, limits).map_error(place));
  options.how.method = explain::method_named(options.method);
  options.how.cache_folder = cache_folder(options.cache);
  options.how.reads_twice = !options.reads_once;
  options.how.locates_in = precision_of(options.precision);
  if (!options.locator.empty()) {
    BC_ASSIGN(options.how.locator, load_locator(job.context, options.locator));
  }
  std::optional<explain::CellIndex> index;
  if (!options.neighbours.empty()) {
    BC_ASSIGN(index, explain::load_index(options.neighbours, limits));
  }
  return explain::Explainer::open(job.context, model, options.how, std::move(index))
      .map_error(place);
}

class Writer {
 public:
  Writer(const Job& job, const explain::Explainer& explainer, fs::path folder)
      : explainer_(explainer),
        folder_(std::move(folder)),
        is_json_(job.json),
        table_({">cell", "file", "class", ">%", "second", ">%", "sheet"}) {}

  Result<void> add(const Explained& done) {
    for (std::size_t i = 0; i < done.cells.size(); ++i) {
      const auto& cell = done.cells[i];
      const auto name = fmt::format("{:04}-{}-{}.png", cells_.size(),
                                    fs::path(cell.file).stem().string(), cell.cell);
      BC_CHECK(write_file(folder_ / name, done.sheets[i]));
      auto document = explain::to_json(cell, explainer_);
      document["sheet"] = name;
      table_.row({std::to_string(cell.cell), cell.file, document["class"],
                  fmt::format("{:.1f}", 100 * cell.verdict.confidence), document["second"],
                  fmt::format("{:.1f}", 100 * document["second_confidence"].get<double>()), name});
      cells_.push_back(std::move(document));
    }
    return {};
  }

  Result<void> end(std::ostream& out, const std::vector<Error>& problems) {
    const nlohmann::ordered_json document{{"format", 1},
                                          {"notice", "For research use only."},
                                          {"model", explainer_.description().name},
                                          {"graph_sha256", explainer_.description().graph_sha256},
                                          {"method", explain::name_of(explainer_.method())},
                                          {"meaning", explain::meaning_of(explainer_.method())},
                                          {"cells", cells_},
                                          {"problems", to_json(problems)}};
    BC_CHECK(write_text(folder_ / "explanations.json", to_text(document)));
    if (is_json_) {
      out << to_text(document);
    } else {
      table_.print(out);
      out << fmt::format("{} cells explained by {}: {}\n", cells_.size(),
                         explain::name_of(explainer_.method()), folder_.string());
    }
    return {};
  }

 private:
  const explain::Explainer& explainer_;
  fs::path folder_;
  bool is_json_;
  Table table_;
  nlohmann::ordered_json cells_ = nlohmann::ordered_json::array();
};

Result<int> run_explain(const Job& job, const ExplainVerbOptions& options) {
  const Context& context = job.context;
  BC_ASSIGN(const auto inputs, predict::find_inputs(context, options.inputs, job.terminal.in));
  BC_ASSIGN(const auto explainer, open_explainer(job, options));
  Writer writer(job, explainer, options.output);
  std::vector<Error> problems = inputs.problems;
  const std::size_t window = context.pool.size();
  for (std::size_t first = 0; first < inputs.files.size(); first += window) {
    BC_CHECK(context.cancellation.check());
    const std::size_t here = std::min(window, inputs.files.size() - first);
    std::vector<Result<Explained>> done(here);
    context.pool.for_each(here, [&](std::size_t i) {
      done[i] = explain_file(explainer, inputs.files[first + i], context.limits);
    });
    for (std::size_t i = 0; i < here; ++i) {
      const auto& file = inputs.files[first + i];
      if (!done[i]) {
        problems.push_back(with_path(done[i].error(), file.string()));
        continue;
      }
      if (done[i]->cells.empty()) context.log.info("{}: no white cell was found", file.string());
      BC_CHECK(writer.add(*done[i]));
    }
    context.progress.update({"explaining", first + here, inputs.files.size(), "images", ""});
  }
  context.progress.finish();
  if (!inputs.files.empty() && problems.size() == inputs.files.size() + inputs.problems.size()) {
    return tl::unexpected(problems.front());
  }
  BC_CHECK(writer.end(job.terminal.out, problems));
  return report_problems(job, problems);
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<ExplainVerbOptions>();
  command
      .add_option("inputs", options->inputs,
                  "pictures: files, folders, patterns, or - for a list on stdin")
      ->type_name("PATH")
      ->required();
  command.add_option("--model", options->model, "model file; without it the shipped one")
      ->type_name("FILE");
  command.add_flag("--no-second", options->reads_once,
                   "say what the model file's own network says, without its second");
  command
      .add_option("--locator", options->locator,
                  "model file that finds the cells, in place of the one within the model")
      ->type_name("FILE");
  add_precision_option(command, options->precision,
                       "in which cells are found: as predict was told, so that they have its "
                       "numbers; what is said of them is float32");
  command
      .add_option("--cache", options->cache,
                  "folder that keeps compiled networks, or off; without it ~/.cache/bloodcell")
      ->type_name("FOLDER");
  command
      .add_option("-o,--output", options->output,
                  "folder for a sheet a cell (PNG) and explanations.json")
      ->type_name("FOLDER")
      ->required();
  command
      .add_option(
          "--method", options->method,
          "cam (class activation map), occlusion, rise; auto: cam where the network ends in "
          "the mean of maps, else rise")
      ->check(CLI::IsMember({"auto", "cam", "occlusion", "rise"}));
  command
      .add_option("--class", options->how.of_class,
                  "whose evidence is shown; without it that of the class which is named")
      ->type_name("NAME");
  command
      .add_option("--neighbours", options->neighbours,
                  "index of known cells (bloodcell index): shows those most alike")
      ->type_name("FILE");
  auto* count =
      command.add_option("--neighbour-count", options->how.neighbours, "how many of them")
          ->check(CLI::Range(1, 7));
  count->needs("--neighbours");
  return [options](const Job& job) { return run_explain(job, *options); };
}

}  // namespace

Verb explain_verb() {
  return {"explain", "Show where a model sees what it says, and which known cells are alike",
          "  bloodcell explain cell.png -o why/\n"
          "  bloodcell explain fields/ --method occlusion --class lymphocyte -o why/\n"
          "  bloodcell explain cell.png --neighbours cells.index -o why/",
          set_up};
}

}  // namespace bloodcell::cli
