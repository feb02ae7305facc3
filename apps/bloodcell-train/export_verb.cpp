#include <memory>
#include <optional>

#include <nlohmann/json.hpp>

#include <bloodcell/train/export.hpp>

#include "run_data.hpp"
#include "verbs.hpp"

namespace bloodcell::training {
namespace {

struct ExportVerbOptions {
  train::ExportOptions how;
  std::string run;
  std::string output;
  std::string data;
  std::string locator;
  bool no_calibration = false;
};

nlohmann::ordered_json document_of(const ExportVerbOptions& options,
                                   const train::Exported& exported) {
  const auto& description = exported.file.description;
  return {{"output", options.output},
          {"name", description.name},
          {"bytes", exported.file.onnx.size()},
          {"labels", description.labels},
          {"temperature", description.temperature},
          {"graph_sha256", description.graph_sha256},
          {"largest_difference", exported.largest_difference}};
}

void print(std::ostream& out, const ExportVerbOptions& options, const train::Exported& exported) {
  const auto& description = exported.file.description;
  out << fmt::format(
             "{}: {}, {:.1f} MB, {} classes, {}\n", options.output, description.name,
             static_cast<double>(exported.file.onnx.size()) / 1e6, description.labels.size(),
             options.no_calibration ? std::string("not calibrated")
                                    : fmt::format("temperature {:.3f}", description.temperature))
      << fmt::format("OpenVINO gives libtorch's logits within {:.1e}.\n",
                     exported.largest_difference)
      << fmt::format("Next:\n  bloodcell predict --model {} PICTURES\n", options.output);
}

Result<int> run_export(const cli::Job& job, ExportVerbOptions options) {
  options.how.calibrate = !options.no_calibration;
  BC_ASSIGN(const auto run, train::RunDirectory::open(options.run, job.context.limits));
  std::optional<data::Dataset> dataset;
  if (options.how.calibrate) {
    BC_ASSIGN(dataset, open_run_data(job.context, run, options.data));
  }
  BC_ASSIGN(auto exported,
            train::export_run(job.context, run, dataset ? &*dataset : nullptr, options.how));
  if (!options.locator.empty()) {
    BC_ASSIGN(const auto locator, model_file::load(options.locator, job.context.limits));
    BC_ASSIGN(exported.file, model_file::with_locator(exported.file, locator));
  }
  BC_CHECK(model_file::save(exported.file, options.output));
  if (job.json) {
    job.terminal.out << document_of(options, exported).dump(2) << "\n";
  } else {
    print(job.terminal.out, options, exported);
  }
  return 0;
}

cli::Action set_up(CLI::App& command) {
  auto options = std::make_shared<ExportVerbOptions>();
  command.add_option("--run", options->run, "folder of the training run")
      ->type_name("FOLDER")
      ->required();
  command.add_option("-o,--output", options->output, "the model file to write")
      ->type_name("FILE")
      ->required();
  command.add_option("--name", options->how.name, "of the model; without it the run's");
  command.add_option("--licence", options->how.licence, "of the data and so of the weights");
  command
      .add_option("--locator", options->locator,
                  "model file that finds cells, to travel within this one")
      ->type_name("FILE");
  command.add_flag("--half-kernels", options->how.half_kernels,
                   "store kernels as float16, half the bytes, rounded; all arithmetic stays");
  command.add_option("--data", options->data, "where the run's data lie now, if they have moved")
      ->type_name("PATH");
  command.add_flag("--no-calibration", options->no_calibration,
                   "fit no temperature on the validation pictures; needs no data");
  return [options](const cli::Job& job) { return run_export(job, *options); };
}

}  // namespace

cli::Verb export_verb() {
  return {"export", "Make a model file of a training run",
          "  bloodcell export --run runs/baseline --output baseline.onnx\n"
          "  bloodcell export --run runs/baseline --output baseline.onnx --name bccd-baseline \\\n"
          "      --licence 'MIT, P. Mooney 2018'",
          set_up};
}

}  // namespace bloodcell::training
