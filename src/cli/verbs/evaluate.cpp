#include <memory>
#include <numeric>

#include <answer.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/data/split.hpp>
#include <bloodcell/predict/evaluate.hpp>
#include <verbs/model_options.hpp>

namespace bloodcell::cli {

namespace {

struct EvaluateOptions {
  ModelOptions model;
  std::string data;
  std::string split;
  std::string part;
  std::string families;
  std::string json_file;
  std::string predictions;
  std::uint64_t seed = 42;
};

struct Judged {
  data::Dataset dataset;
  std::vector<std::size_t> samples;
  std::string part;  // empty: all
};

Result<Judged> open_judged(const Context& context, const EvaluateOptions& options) {
  if (options.split.empty() && !options.part.empty()) {
    return fail(ErrorCode::usage, "--part is a part of a split, but no --split is named", {},
                "add --split FILE, or leave --part out");
  }
  Judged judged;
  if (options.split.empty()) {
    BC_ASSIGN(judged.dataset, data::open_dataset(context, options.data, {options.families, {}}));
    judged.samples.resize(judged.dataset.samples.size());
    std::iota(judged.samples.begin(), judged.samples.end(), std::size_t{0});
    return judged;
  }
  BC_ASSIGN(const auto split, data::load_split(options.split, context.limits));
  BC_ASSIGN(judged.dataset,
            data::open_dataset(context, options.data, {options.families, split.labels}));
  if (options.families.empty()) data::adopt_families(judged.dataset, split);
  if (const auto leaks = data::find_leaks(split); !leaks.empty()) {
    context.log.warning("{}: {} families or files stand in several parts; the figures flatter",
                        options.split, leaks.size());
  }
  judged.part = options.part.empty() ? "test" : options.part;
  BC_ASSIGN(judged.samples, data::samples_of(judged.dataset, split, judged.part));
  return judged;
}

nlohmann::ordered_json document_of(const EvaluateOptions& options, const Judged& judged,
                                   const predict::Predictor& predictor,
                                   const predict::Evaluation& evaluation) {
  return {{"model", predictor.description().name},
          {"graph_sha256", predictor.description().graph_sha256},
          {"data", options.data},
          {"split", options.split},
          {"part", judged.part},
          {"families_known", judged.dataset.has_families},
          {"images", evaluation.table.rows.size()},
          {"seed", options.seed},
          {"report", metrics::to_json(evaluation.report)},
          {"problems", to_json(evaluation.problems)}};
}

Result<int> run_evaluate(const Job& job, const EvaluateOptions& options) {
  BC_ASSIGN(const auto predictor,
            open_predictor(job.context, options.model, predict_options(options.model)));
  BC_ASSIGN(auto judged, open_judged(job.context, options));
  if (!judged.dataset.has_families) {
    job.context.log.info(
        "no families are known: each image counts as its own, and the intervals "
        "are too narrow if some show one cell");
  }
  BC_ASSIGN(auto evaluation, predict::evaluate(job.context, predictor, judged.dataset,
                                               judged.samples, options.seed));
  evaluation.problems.insert(evaluation.problems.begin(), judged.dataset.problems.begin(),
                             judged.dataset.problems.end());
  if (!options.predictions.empty()) {
    BC_CHECK(write_text(options.predictions, metrics::to_csv(evaluation.table)));
  }
  const auto document = document_of(options, judged, predictor, evaluation);
  if (!options.json_file.empty()) BC_CHECK(write_text(options.json_file, to_text(document)));
  job.terminal.out << (job.json ? to_text(document) : predict::to_text(evaluation.report));
  return report_problems(job, evaluation.problems);
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<EvaluateOptions>();
  add_model_options(command, options->model);
  command
      .add_option("--data", options->data, "folder of class folders (or TRAIN, TEST), or manifest")
      ->type_name("PATH")
      ->required();
  command.add_option("--split", options->split, "made by data split; judges one part of it")
      ->type_name("FILE");
  command.add_option("--part", options->part, "of the split; without it, test");
  command.add_option("--families", options->families, "CSV of file,family")->type_name("FILE");
  command
      .add_option("--json", options->json_file,
                  "the report as JSON to a file; without one, to the terminal and nothing else")
      ->type_name("FILE")
      ->expected(0, 1);
  command.add_option("--predictions", options->predictions, "CSV of every image's probabilities")
      ->type_name("FILE");
  command.add_option("--seed", options->seed, "of the bootstrap intervals");
  return [options](const Job& job) { return run_evaluate(job, *options); };
}

}  // namespace

Verb evaluate_verb() {
  return {"evaluate", "Judge a model on labelled pictures, with intervals",
          "  bloodcell evaluate --model model.onnx --data cells/ --split split.json\n"
          "  bloodcell evaluate --model model.onnx --data cells.csv --families families.csv \\\n"
          "      --json report.json --predictions predictions.csv",
          set_up};
}

}  // namespace bloodcell::cli
