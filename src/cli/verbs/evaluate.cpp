#include <memory>

#include <answer.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/data/split.hpp>
#include <bloodcell/predict/evaluate.hpp>
#include <verbs/evaluation_files.hpp>
#include <verbs/judged_data.hpp>
#include <verbs/model_options.hpp>

namespace bloodcell::cli {

namespace {

struct EvaluateOptions {
  ModelOptions model;
  JudgedOptions judged;
  std::string json_file;
  std::string predictions;
  std::string report;
  std::string reference;
  std::string run;
  std::uint64_t seed = 42;
};

nlohmann::ordered_json document_of(const EvaluateOptions& options, const Judged& judged,
                                   const predict::Predictor& predictor,
                                   const predict::Evaluation& evaluation) {
  return {{"model", predictor.description().name},
          {"graph_sha256", predictor.description().graph_sha256},
          {"precision", infer::name_of(predictor.session().precision())},
          {"data", options.judged.data},
          {"split", options.judged.split},
          {"part", judged.part},
          {"families_known", judged.dataset.has_families},
          {"images", evaluation.table.rows.size()},
          {"seed", options.seed},
          {"report", metrics::to_json(evaluation.report)},
          {"problems", to_json(evaluation.problems)}};
}

Result<int> run_evaluate(const Job& job, const EvaluateOptions& options) {
  if (options.report.empty() && !(options.reference.empty() && options.run.empty())) {
    return fail(ErrorCode::usage, "--reference and --run are for the page that --report writes", {},
                "add --report FOLDER");
  }
  BC_ASSIGN(const auto predictor,
            open_predictor(job.context, options.model, predict_options(options.model)));
  BC_ASSIGN(auto judged, open_judged(job.context, options.judged));
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
  if (!options.report.empty()) {
    BC_CHECK(write_evaluation(job.context, judged.dataset, evaluation,
                              {options.report, predictor.description().name, options.judged.data,
                               options.reference, options.run, options.seed}));
  }
  const auto document = document_of(options, judged, predictor, evaluation);
  if (!options.json_file.empty()) BC_CHECK(write_text(options.json_file, to_text(document)));
  job.terminal.out << (job.json ? to_text(document) : predict::to_text(evaluation.report));
  return report_problems(job, evaluation.problems);
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<EvaluateOptions>();
  add_model_options(command, options->model);
  add_classes_option(command, options->model);
  add_judged_options(command, options->judged);
  command
      .add_option("--json", options->json_file,
                  "the report as JSON to a file; without one, to the terminal and nothing else")
      ->type_name("FILE")
      ->expected(0, 1);
  command.add_option("--predictions", options->predictions, "CSV of every image's probabilities")
      ->type_name("FILE");
  command
      .add_option("--report", options->report,
                  "folder for a page with plots, mistakes and figures: report.html, .json, .csv, "
                  "plots as SVG")
      ->type_name("FOLDER");
  command
      .add_option("--reference", options->reference,
                  "predictions of another model on these pictures, to compare with")
      ->type_name("FILE");
  command.add_option("--run", options->run, "run directory of the training, for learning curves")
      ->type_name("FOLDER");
  command.add_option("--seed", options->seed, "of the bootstrap intervals");
  return [options](const Job& job) { return run_evaluate(job, *options); };
}

}  // namespace

Verb evaluate_verb() {
  return {"evaluate", "Judge a model on labelled pictures, with intervals",
          "  bloodcell evaluate --model model.onnx --data cells/ --split split.json\n"
          "  bloodcell evaluate --model model.onnx --data cells.csv --families families.csv \\\n"
          "      --json report.json --predictions predictions.csv\n"
          "  bloodcell evaluate --model model.onnx --data cells/ --split split.json --report out/",
          set_up};
}

}  // namespace bloodcell::cli
