#include <memory>

#include <answer.hpp>
#include <installed.hpp>

#include <bloodcell/cli/table.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/predict/calibrate.hpp>
#include <verbs/judged_data.hpp>

namespace bloodcell::cli {

namespace {

struct CalibrateVerbOptions {
  std::string model;
  JudgedOptions judged;
  std::string output;
  std::string score = "lac";
  predict::CalibrateOptions how;
};

metrics::ConformalScore score_named(std::string_view name) {
  if (name == "aps") return metrics::ConformalScore::aps;
  if (name == "raps") return metrics::ConformalScore::raps;
  return metrics::ConformalScore::lac;
}

nlohmann::ordered_json document_of(const model_file::SecondReading& how,
                                   const predict::SecondFigures& figures) {
  return {{"below", how.below},
          {"weight", how.weight},
          {"cells", figures.cells},
          {"read_again", figures.read_again},
          {"right_alone", figures.right_alone},
          {"right", figures.right}};
}

nlohmann::ordered_json document_of(const predict::Calibrated& done) {
  nlohmann::ordered_json sets = nlohmann::ordered_json::array();
  for (const auto& set : done.description.trust->sets) {
    sets.push_back({{"score", set.score},
                    {"coverage", set.coverage},
                    {"threshold", set.threshold},
                    {"families", set.units}});
  }
  return {{"scaling", metrics::name_of(done.scaling.kind)},
          {"temperature", done.scaling.scaling.temperature},
          {"families_fitted", done.families_fitted},
          {"families_judged", done.families_judged},
          {"log_loss_before", done.scaling.log_loss_before},
          {"log_loss_left_out", done.scaling.log_loss},
          {"calibration_error_before", done.error_before},
          {"calibration_error_after", done.error_after},
          {"sets", sets},
          {"second", done.second ? document_of(*done.description.second, *done.second)
                                 : nlohmann::ordered_json()},
          {"has_familiarity", done.description.trust->familiarity.has_value()},
          {"has_other_things", done.description.trust->other_things.has_value()},
          {"precisions", model_file::to_json(done.description.precisions)},
          {"left_out_without_box", done.without_box},
          {"problems", to_json(done.problems)}};
}

void print(std::ostream& out, const predict::Calibrated& done) {
  Table table({"calibration", "on families left out"});
  table.row(
      {"probabilities", fmt::format("{}, temperature {:.3f}", metrics::name_of(done.scaling.kind),
                                    done.scaling.scaling.temperature)});
  table.row({"families",
             fmt::format("{} fitted, {} judged", done.families_fitted, done.families_judged)});
  if (done.without_box > 0) {
    table.row({"left out", fmt::format("{} cells without a box", done.without_box)});
  }
  table.row({"calibration error",
             fmt::format("{:.4f} before, {:.4f} after", done.error_before, done.error_after)});
  for (const auto& set : done.description.trust->sets) {
    table.row({"sets", fmt::format("{} of the truth in them by {}, threshold {:.4f}", set.coverage,
                                   set.score, set.threshold)});
  }
  if (done.second) {
    const auto& how = *done.description.second;
    table.row({"second network",
               fmt::format("under a confidence of {:.4g}, weight {:.4g}: {} of {} "
                           "cells read again, {} right in place of {}",
                           how.below, how.weight, done.second->read_again, done.second->cells,
                           done.second->right, done.second->right_alone)});
  }
  for (const auto& figures : done.description.precisions) {
    table.row({figures.precision,
               fmt::format("{} of {} held-out cells right", figures.right, figures.cells)});
  }
  table.row({"familiarity", done.description.trust->familiarity
                                ? "distance from known cells"
                                : "none: no dense layer of at most 1,024 inputs at the end"});
  table.row({"other things", done.description.trust->other_things
                                 ? "told from cells by pictures of chance"
                                 : "not told: no dense layer at the end"});
  table.print(out);
}

Result<int> run_calibrate(const Job& job, CalibrateVerbOptions options) {
  options.how.score = score_named(options.score);
  BC_ASSIGN(const auto path, find_model(options.model));
  BC_ASSIGN(const auto model, model_file::load(path, job.context.limits));
  BC_ASSIGN(const auto judged, open_judged(job.context, options.judged, "validation"));
  BC_ASSIGN(const auto done, predict::calibrate(job.context, model, judged.dataset, judged.samples,
                                                judged.learnt_from, options.how));
  BC_ASSIGN(const auto file, model_file::with_description(model, done.description));
  BC_CHECK(model_file::save(file, options.output));
  if (job.json) {
    job.terminal.out << to_text(document_of(done));
  } else {
    print(job.terminal.out, done);
  }
  return report_problems(job, done.problems);
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<CalibrateVerbOptions>();
  command.add_option("--model", options->model, "model file; without it the shipped one")
      ->type_name("FILE");
  add_judged_options(command, options->judged);
  command.add_option("-o,--output", options->output, "the calibrated model file")
      ->type_name("FILE")
      ->required();
  command.add_option("--score", options->score, "of the sets of classes")
      ->check(CLI::IsMember({"lac", "aps", "raps"}));
  command
      .add_option("--refused", options->how.refused,
                  "share of cells like these that each test may refuse")
      ->check(CLI::Range(0.0001, 0.49));
  command
      .add_option(
          "--read-again", options->how.most_read_again,
          "share of held-out cells that the second network may read again, where there is one")
      ->check(CLI::Range(0.0, 1.0));
  command.add_option("--batch", options->how.batch, "pictures at a time")
      ->check(CLI::Range(1, 4096));
  command.add_option("--seed", options->how.seed, "of the halves and the folds");
  return [options](const Job& job) { return run_calibrate(job, *options); };
}

}  // namespace

Verb calibrate_verb() {
  return {
      "calibrate",
      "Fit to held-out cells how far a model is to be trusted: probabilities, sets, refusals",
      "  bloodcell calibrate --model model.onnx --data cells/ --split split.json \\\n"
      "      --output trusted.onnx\n"
      "Takes the part `validation`, and `train` for what is familiar. Do not evaluate on either.",
      set_up};
}

}  // namespace bloodcell::cli
