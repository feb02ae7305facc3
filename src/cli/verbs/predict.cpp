#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include <answer.hpp>
#include <installed.hpp>
#include <output_file.hpp>

#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/predict/output.hpp>
#include <bloodcell/predict/predictor.hpp>
#include <bloodcell/predict/resumable_output.hpp>
#include <bloodcell/predict/shard.hpp>
#include <verbs/model_options.hpp>
#include <verbs/profile_table.hpp>
#include <verbs/slide_options.hpp>

namespace bloodcell::cli {

namespace fs = std::filesystem;

namespace {

constexpr int kFileColumns = 100;

struct PredictOptions {
  std::vector<std::string> inputs;
  ModelOptions model;
  locate::SlideOptions slides;
  std::string format;
  std::string output;
  std::string shows = "auto";
  bool profile = false;
  std::string shard;
};

predict::Shows shows_named(std::string_view name) {
  if (name == "field") return predict::Shows::field;
  return name == "cell" ? predict::Shows::cell : predict::Shows::automatic;
}

Result<predict::OutputFormat> format_named(std::string_view name) {
  if (name == "table") return predict::OutputFormat::table;
  if (name == "csv") return predict::OutputFormat::csv;
  if (name == "json") return predict::OutputFormat::json;
  if (name == "jsonl") return predict::OutputFormat::jsonl;
  return fail(ErrorCode::usage, fmt::format("no format is called '{}'", name), {},
              "take table, csv, json or jsonl");
}

// What was asked for; else what the name of the output file says; else a table.
Result<predict::OutputFormat> choose_format(const PredictOptions& options, bool json) {
  if (json && !options.format.empty() && options.format != "json") {
    return fail(ErrorCode::usage,
                fmt::format("--json and --format {} contradict each other", options.format), {},
                "leave one out");
  }
  if (json) return predict::OutputFormat::json;
  if (!options.format.empty()) return format_named(options.format);
  const std::string ending = std::filesystem::path(options.output).extension().string();
  for (const std::string_view known : {"csv", "json", "jsonl"}) {
    if (ending == "." + std::string(known)) return format_named(known);
  }
  return predict::OutputFormat::table;
}

Result<predict::Totals> write_rows(const Context& context, const predict::Predictor& predictor,
                                   const predict::Inputs& inputs, predict::RowWriter& writer) {
  BC_ASSIGN(const auto totals,
            predictor.run(context, inputs, [&](const predict::Row& row) { writer.row(row); }));
  writer.end(totals);
  return totals;
}

// A shard's rows go to a file that another run of the same command continues.
Result<predict::Totals> write_shard(const Job& job, const predict::Predictor& predictor,
                                    const predict::Inputs& inputs, const fs::path& output,
                                    predict::OutputFormat format) {
  std::error_code ignored;
  if (fs::exists(output, ignored)) {
    predict::Totals before;
    before.files = inputs.files.size() + inputs.problems.size();
    BC_ASSIGN(before.errors,
              predict::errors_of_finished(output, format, inputs, predictor.labels()));
    job.context.log.info("{}: all done before", output.string());
    return before;
  }
  BC_ASSIGN(auto file, predict::ResumableOutput::open(output, format, inputs, predictor.labels()));
  if (file.done() > 0)
    job.context.log.info("{}: {} inputs done before", output.string(), file.done());
  const auto writer = file.writer();
  BC_ASSIGN(auto totals, write_rows(job.context, predictor, file.remaining(inputs), *writer));
  BC_CHECK(file.commit());
  totals.errors += file.errors();
  totals.files += file.done();
  job.context.log.info("{}: {} cells of {} files", output.string(), totals.cells, totals.files);
  return totals;
}

Result<int> run_predict(const Job& job, const PredictOptions& options) {
  BC_ASSIGN(const auto format, choose_format(options, job.json));
  predict::Shard shard;
  fs::path output = options.output;
  if (!options.shard.empty()) {
    BC_ASSIGN(shard, predict::shard_from(options.shard));
    if (output.empty()) {
      return fail(ErrorCode::usage, "a shard needs a file for its rows", {},
                  "name it with --output cells.csv");
    }
    const auto* const ending = format == predict::OutputFormat::csv ? ".csv" : ".jsonl";
    if (output.extension() != ending) {
      return fail(ErrorCode::usage, "the name of a shard's file says what is in it",
                  output.string(), "end it with .csv or .jsonl, and leave out another --format");
    }
    output = predict::shard_output(output, shard);
  }
  BC_ASSIGN(auto inputs, predict::find_inputs(job.context, options.inputs, job.terminal.in));
  if (!options.shard.empty()) inputs = predict::of_shard(std::move(inputs), shard);
  predict::Options how = predict_options(options.model);
  how.shows = shows_named(options.shows);
  how.slides = options.slides;
  const auto began = std::chrono::steady_clock::now();
  BC_ASSIGN(const auto predictor, open_predictor(job.context, options.model, how));
  const auto opened = std::chrono::steady_clock::now();
  const auto& labels = predictor.labels();

  predict::Totals totals;
  if (!options.shard.empty()) {
    BC_ASSIGN(totals, write_shard(job, predictor, inputs, output, format));
  } else if (options.output.empty()) {
    // Rows on a terminal show by themselves how far the work is.
    Context context = job.terminal.out_is_terminal
                          ? Context{job.context.log, job.context.limits, job.context.pool,
                                    job.context.cancellation, no_progress()}
                          : job.context;
    const auto writer = predict::make_writer(format, job.terminal.out, labels,
                                             job.terminal.width_columns, job.terminal.colour);
    BC_ASSIGN(totals, write_rows(context, predictor, inputs, *writer));
  } else {
    BC_ASSIGN(auto file, OutputFile::create(options.output));
    const auto writer = predict::make_writer(format, file.stream(), labels, kFileColumns, false);
    BC_ASSIGN(totals, write_rows(job.context, predictor, inputs, *writer));
    BC_CHECK(file.commit());
    job.context.log.info("{}: {} cells of {} files", options.output, totals.cells, totals.files);
  }
  if (options.profile) {
    const auto seconds = [](auto duration) {
      return std::chrono::duration<double>(duration).count();
    };
    print_profile(job.terminal.err, totals, seconds(opened - began),
                  seconds(std::chrono::steady_clock::now() - opened));
  }
  if (totals.errors == 0) return 0;
  job.context.log.warning("{} of {} files could not be read: see their rows", totals.errors,
                          totals.files);
  return kSomeUnreadable;
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<PredictOptions>();
  command
      .add_option("inputs", options->inputs,
                  "pictures, scanned slides, folders, patterns like 'slides/**/*.png', or - for a "
                  "list on stdin")
      ->type_name("PATH")
      ->required();
  add_model_options(command, options->model);
  add_foreign_options(command, options->model.foreign);
  command.add_option("--format", options->format, "table, unless the output's name says otherwise")
      ->check(CLI::IsMember({"table", "csv", "json", "jsonl"}));
  command.add_option("-o,--output", options->output, "write to a file, whole or not at all")
      ->type_name("FILE");
  add_classes_option(command, options->model);
  add_confidence_option(command, options->model);
  command
      .add_option("--shows", options->shows,
                  "what a picture shows: a field of cells, one cell, or auto: decide for each")
      ->check(CLI::IsMember({"auto", "field", "cell"}))
      ->capture_default_str();
  command
      .add_option("--shard", options->shard,
                  "do the I-th of N parts of the inputs, I from 0, or go on with it where it ended;"
                  " bloodcell merge joins them")
      ->type_name("I/N");
  add_slide_options(command, options->slides);
  command.add_flag("--profile", options->profile, "say at the end which stage took how long");
  return [options](const Job& job) { return run_predict(job, *options); };
}

}  // namespace

Verb predict_verb() {
  return {"predict", "Classify pictures of cells",
          "  bloodcell predict field.jpg\n"
          "  bloodcell predict slides/ --output cells.csv\n"
          "  bloodcell predict 'slides/**/*.png' --format jsonl --min-confidence 0.8\n"
          "  bloodcell predict cells/ --model resnet.onnx --labels classes.txt --scaling imagenet\n"
          "  bloodcell predict slides/ --shard 3/8 --output cells.csv\n"
          "  bloodcell predict cells/ --classes neutrophil,eosinophil,lymphocyte,monocyte\n"
          "  find . -name '*.jpg' | bloodcell predict - --json",
          set_up};
}

}  // namespace bloodcell::cli
