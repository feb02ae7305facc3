#include <algorithm>
#include <memory>

#include <answer.hpp>

#include <bloodcell/adapt/adapt.hpp>
#include <bloodcell/cli/table.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/predict/inputs.hpp>

namespace bloodcell::cli {

namespace {

struct AdaptVerbOptions {
  std::string model;
  std::vector<std::string> images;
  std::string labels;
  std::string families;
  std::string output;
  adapt::AdaptOptions how;
};

const char* aligned(bool is_aligned) {
  return is_aligned ? "aligned with known cells" : "as they are";
}

void print(std::ostream& out, const adapt::Adaptation& done, const std::string& output) {
  Table table({"adapted", "before", "after"});
  if (done.before) {
    table.row({"right among labelled cells left out",
               fmt::format("{:.1f} %", 100 * done.before->accuracy),
               fmt::format("{:.1f} %", 100 * done.after->accuracy)});
    table.row({"mean over their classes", fmt::format("{:.1f} %", 100 * done.before->balanced),
               fmt::format("{:.1f} %", 100 * done.after->balanced)});
  }
  if (done.distance_before > 0 && !done.aligned) {  // aligned cells are measured by another scale
    table.row({"distance from known cells, median", fmt::format("{:.2f}", done.distance_before),
               fmt::format("{:.2f}", done.distance)});
  }
  table.row({"side of the square about a cell", fmt::format("{:g} boxes", done.margin_before),
             fmt::format("{:g} boxes", done.margin)});
  table.row({"new pictures' share in batch norm", "0", fmt::format("{:g}", done.norm_share)});
  table.row({"embeddings", "as they are", aligned(done.aligned)});
  table.row({"last layer", "as it was", done.head});
  if (done.drops_second) table.row({"second network", "within", "left out: labels do not fit it"});
  if (done.second) {
    table.row(
        {"second network: share in batch norm", "0", fmt::format("{:g}", done.second->norm_share)});
    table.row({"second network: embeddings", "as they are", aligned(done.second->aligned)});
    table.row({"second network: last layer", "as it was", done.second->head});
  }
  table.print(out);
  out << fmt::format("{} pictures, {} cells without labels, {} with; {:.1f} % get another class\n",
                     done.pictures, done.cells, done.labelled, 100 * done.changed);
  if (!done.never_named.empty()) {
    out << fmt::format("note: no label was given of {}: the adapted model never names them\n",
                       fmt::join(done.never_named, ", "));
  }
  out << output << '\n';
}

Result<int> run_adapt(const Job& job, const AdaptVerbOptions& options) {
  BC_CHECK(check_output(options.output, options.model));
  BC_ASSIGN(const auto model,
            model_file::load(options.model, job.context.limits).map_error([&](Error error) {
              return with_path(std::move(error), options.model);
            }));
  BC_ASSIGN(const auto inputs, predict::find_inputs(job.context, options.images, job.terminal.in));
  const int unread = report_problems(job, inputs.problems);
  std::optional<data::Dataset> labelled;
  if (!options.labels.empty()) {
    BC_ASSIGN(labelled, data::open_dataset(job.context, options.labels, {options.families, {}}));
  } else if (!options.families.empty()) {
    return fail(ErrorCode::usage, "--families is of labelled cells", {}, "add --labels FILE");
  }
  BC_ASSIGN(auto done, adapt::adapt(job.context, model, inputs.files,
                                    labelled ? &*labelled : nullptr, options.how));
  if (labelled) {
    done.problems.insert(done.problems.end(), labelled->problems.begin(), labelled->problems.end());
  }
  const int left_out = report_problems(job, done.problems);
  if (!done.model) {
    return fail(ErrorCode::mismatch, "adapting would not help: " + done.refusal, options.model,
                labelled ? "use the model as it is, or label more cells"
                         : "use the model as it is, or label a few cells of each class "
                           "(--labels)");
  }
  BC_CHECK(model_file::save(*done.model, options.output));
  if (job.json) {
    done.problems.insert(done.problems.end(), inputs.problems.begin(), inputs.problems.end());
    job.terminal.out << to_text(adapt::to_json(done));
  } else {
    print(job.terminal.out, done, options.output);
  }
  return std::max(unread, left_out);
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<AdaptVerbOptions>();
  command.add_option("model", options->model, "model file to adapt")->type_name("FILE")->required();
  command
      .add_option(
          "--images", options->images,
          "pictures of the new laboratory, fields or cells, without labels: files, folders, "
          "patterns")
      ->type_name("PATH")
      ->required();
  command
      .add_option("--labels", options->labels,
                  "some of its cells by class: a manifest (file,label and perhaps "
                  "family,x,y,width,height), or a folder of class folders")
      ->type_name("PATH");
  command.add_option("--families", options->families, "CSV of file,family for them")
      ->type_name("FILE");
  command.add_option("-o,--output", options->output, "the adapted model file")
      ->type_name("FILE")
      ->required();
  command
      .add_option("--cells", options->how.most_cells,
                  "cells without labels that are looked at, at most")
      ->check(CLI::Range(20, 5000));
  command.add_option("--batch", options->how.batch, "pictures at a time")
      ->check(CLI::Range(1, 4096));
  command.add_option("--seed", options->how.seed, "of which cells, and of the folds");
  return [options](const Job& job) { return run_adapt(job, *options); };
}

}  // namespace

Verb adapt_verb() {
  return {"adapt",
          "Fit a model file to a new laboratory, from its pictures and a few labels, in minutes",
          "  bloodcell adapt wbc.onnx --images their-fields/ -o theirs.onnx\n"
          "  bloodcell adapt wbc.onnx --images their-fields/ --labels few.csv -o theirs.onnx\n"
          "Ends with status 1 and writes nothing when it would not help.",
          set_up};
}

}  // namespace bloodcell::cli
