#include <memory>

#include <fmt/ranges.h>

#include <answer.hpp>
#include <installed.hpp>

#include <bloodcell/cli/table.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/predict/quantise.hpp>
#include <verbs/judged_data.hpp>

namespace bloodcell::cli {

namespace {

struct QuantiseVerbOptions {
  std::string model;
  JudgedOptions judged;
  std::string output;
  bool weights_only = false;
  predict::QuantiseOptions how;
};

nlohmann::ordered_json document_of(const predict::Quantised& done) {
  return {{"layers", done.layers},
          {"left_float", done.left_float},
          {"scales", done.scales},
          {"cells", done.cells},
          {"right_float32", done.right_float},
          {"right_int8", done.right_int8},
          {"called_otherwise", done.otherwise},
          {"precisions", model_file::to_json(done.file.description.precisions)},
          {"left_out_without_box", done.without_box},
          {"problems", to_json(done.problems)}};
}

void add_precisions(Table& table, const std::vector<model_file::PrecisionFigures>& precisions) {
  for (const auto& figures : precisions) {
    table.row({figures.precision,
               fmt::format("{} of {} held-out cells right", figures.right, figures.cells)});
  }
}

void print(std::ostream& out, const predict::Quantised& done) {
  Table table({"int8", ""});
  table.row({"layers", fmt::format("{} in int8, {} put back into float32", done.layers,
                                   done.left_float.size())});
  if (!done.left_float.empty()) {
    table.row({"put back", fmt::format("{}", fmt::join(done.left_float, ", "))});
  }
  table.row({"scales", fmt::format("of {}", done.scales)});
  table.row(
      {"chosen by", fmt::format("{} cells: {} right in float32, {} in int8, {} otherwise",
                                done.cells, done.right_float, done.right_int8, done.otherwise)});
  if (done.without_box > 0) {
    table.row({"left out", fmt::format("{} cells without a box", done.without_box)});
  }
  add_precisions(table, done.file.description.precisions);
  table.print(out);
}

Result<int> store(const Job& job, const QuantiseVerbOptions& options,
                  const model_file::ModelFile& model, const Judged& judged) {
  BC_ASSIGN(const auto done, predict::store_as_bytes(job.context, model, judged.dataset,
                                                     judged.samples, options.how.batch));
  BC_CHECK(model_file::save(done.file, options.output));
  const auto& precisions = done.file.description.precisions;
  if (job.json) {
    job.terminal.out << to_text(
        nlohmann::ordered_json{{"bytes_before", model.onnx.size()},
                               {"bytes", done.file.onnx.size()},
                               {"precisions", model_file::to_json(precisions)},
                               {"left_out_without_box", done.without_box},
                               {"problems", to_json(done.problems)}});
    return report_problems(job, done.problems);
  }
  Table table({"kernels as bytes", ""});
  table.row({"file", fmt::format("{} bytes, was {}", done.file.onnx.size(), model.onnx.size())});
  if (done.without_box > 0) {
    table.row({"left out", fmt::format("{} cells without a box", done.without_box)});
  }
  add_precisions(table, precisions);
  table.print(job.terminal.out);
  return report_problems(job, done.problems);
}

Result<int> run_quantise(const Job& job, const QuantiseVerbOptions& options) {
  BC_ASSIGN(const auto path, find_model(options.model));
  const auto place = [&](Error error) { return with_path(std::move(error), path.string()); };
  BC_ASSIGN(const auto model, model_file::load(path, job.context.limits));
  BC_ASSIGN(const auto judged, open_judged(job.context, options.judged, "validation"));
  if (judged.part == "train") {
    return fail(ErrorCode::usage,
                options.weights_only
                    ? "the network learnt from the part `train`, so it cannot judge"
                    : "the part `train` chooses, so it cannot judge",
                {}, "name another --part");
  }
  if (options.weights_only) return store(job, options, model, judged).map_error(place);
  if (judged.learnt_from.empty()) {
    return fail(ErrorCode::usage, "no cells to choose scales by", {},
                "add --split FILE, made by data split: its part `train` chooses");
  }
  BC_ASSIGN(const auto done, predict::quantise(job.context, model, judged.dataset, judged.samples,
                                               judged.learnt_from, options.how)
                                 .map_error(place));
  BC_CHECK(model_file::save(done.file, options.output));
  if (job.json) {
    job.terminal.out << to_text(document_of(done));
  } else {
    print(job.terminal.out, done);
  }
  return report_problems(job, done.problems);
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<QuantiseVerbOptions>();
  command.add_option("--model", options->model, "model file; without it the shipped one")
      ->type_name("FILE");
  add_judged_options(command, options->judged);
  command.add_option("-o,--output", options->output, "the model file made of it")
      ->type_name("FILE")
      ->required();
  auto* only = command.add_flag(
      "--weights-only", options->weights_only,
      "store kernels as bytes and calculate in float: a quarter of the size, not faster");
  command.add_option("--cells", options->how.cells, "of the part `train`, to choose scales by")
      ->check(CLI::Range(1, 100'000))
      ->excludes(only);
  command.add_option("--batch", options->how.batch, "pictures at a time")
      ->check(CLI::Range(1, 4096));
  command.add_option("--seed", options->how.seed, "of the cells drawn")->excludes(only);
  return [options](const Job& job) { return run_quantise(job, *options); };
}

}  // namespace

Verb quantise_verb() {
  return {"quantise",
          "Put a model's layers into int8, by what they make of known cells, beside float32; or "
          "store its kernels as bytes",
          "  bloodcell quantise --model model.onnx --data cells.csv --split split.json \\\n"
          "      --output int8.onnx\n"
          "  bloodcell bench --model int8.onnx --precision int8\n"
          "  bloodcell quantise --weights-only --model large.onnx --data cells.csv \\\n"
          "      --split split.json --output small.onnx\n"
          "The part `train` chooses scales and layers, the part `validation` says what each "
          "precision costs.",
          set_up};
}

}  // namespace bloodcell::cli
