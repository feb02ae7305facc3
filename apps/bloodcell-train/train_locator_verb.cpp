#include <memory>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/model_file/precision.hpp>
#include <bloodcell/train/train_locator.hpp>

#include "verbs.hpp"

namespace bloodcell::training {
namespace {

struct Options {
  train::LocatorTraining how;
  std::vector<std::string> sets;
  std::string output;
  std::string test_list;
  std::string measured;
};

void print_epoch(std::ostream& out, const train::LocatorEpoch& epoch) {
  if (epoch.epoch == 1) {
    out << fmt::format("{:>5}  {:>8}  {:>12}  {:>15}  {:>7}\n", "epoch", "loss", "white recall",
                       "white precision", "seconds");
  }
  out << fmt::format("{:>5}  {:>8.4f}  {:>10.1f} %  {:>13.1f} %  {:>7.1f}\n", epoch.epoch,
                     epoch.loss, 100 * epoch.white.recall(), 100 * epoch.white.precision(),
                     epoch.seconds)
      << std::flush;
}

nlohmann::ordered_json document_of(const Options& options, const train::TrainedLocator& trained) {
  nlohmann::ordered_json history = nlohmann::ordered_json::array();
  for (const auto& epoch : trained.history) {
    history.push_back({{"epoch", epoch.epoch},
                       {"loss", epoch.loss},
                       {"white_recall", epoch.white.recall()},
                       {"white_precision", epoch.white.precision()},
                       {"seconds", epoch.seconds}});
  }
  return {
      {"output", options.output}, {"test_files", trained.test_files.size()}, {"history", history}};
}

Result<int> measure(const cli::Job& job, const Options& options) {
  BC_ASSIGN(const auto locator, model_file::load(options.measured, job.context.limits));
  BC_ASSIGN(const auto done, train::measure_locator(job.context, options.how, locator));
  BC_CHECK(model_file::save(done, options.output));
  const auto& precisions = done.description.precisions;
  if (job.json) {
    const nlohmann::ordered_json document{{"output", options.output},
                                          {"precisions", model_file::to_json(precisions)}};
    job.terminal.out << document.dump(2) << "\n";
    return 0;
  }
  for (const auto& figures : precisions) {
    job.terminal.out << fmt::format("{}: right of {} of {} white cells, drawn or found\n",
                                    figures.precision, figures.right, figures.cells);
  }
  return 0;
}

Result<int> run(const cli::Job& job, Options options) {
  options.how.sets.assign(options.sets.begin(), options.sets.end());
  if (!options.measured.empty()) return measure(job, options);
  BC_ASSIGN(const auto trained,
            train::train_locator(job.context, options.how, [&](const train::LocatorEpoch& epoch) {
              if (!job.json) print_epoch(job.terminal.out, epoch);
            }));
  BC_CHECK(model_file::save(trained.file, options.output));
  if (!options.test_list.empty()) {
    std::string list;
    for (const auto& file : trained.test_files) list += file + "\n";
    BC_CHECK(write_text(options.test_list, list));
  }
  if (job.json) {
    job.terminal.out << document_of(options, trained).dump(2) << "\n";
  } else {
    job.terminal.out << fmt::format("{}: {:.2f} MB; {} fields kept for testing.\n", options.output,
                                    static_cast<double>(trained.file.onnx.size()) / 1e6,
                                    trained.test_files.size());
  }
  return 0;
}

cli::Action set_up(CLI::App& command) {
  auto options = std::make_shared<Options>();
  auto& how = options->how;
  command.add_option("sets", options->sets, "folders of fields, each with boxes.csv and images/")
      ->type_name("FOLDER")
      ->required();
  command.add_option("-o,--output", options->output, "the model file to write")
      ->type_name("FILE")
      ->required();
  auto* measured = command.add_option(
      "--measure", options->measured,
      "do not train: measure this locator in each precision on the fields that would choose, and "
      "write it with that");
  measured->type_name("FILE");
  const auto of_training = [&](CLI::Option* option) { measured->excludes(option); };
  of_training(command
                  .add_option("--test-list", options->test_list,
                              "write the names of the fields kept for "
                              "testing, for bloodcell locate --only")
                  ->type_name("FILE"));
  command.add_option("--leave-out", how.left_out, "sets that only test, by their folder's name");
  command.add_option("--folds", how.folds, "families are dealt into so many")
      ->capture_default_str();
  command.add_option("--test-fold", how.test_fold, "which of them tests")->capture_default_str();
  of_training(
      command.add_option("--epochs", how.epochs, "passes over the fields")->capture_default_str());
  of_training(command.add_option("--batch", how.batch, "fields a step")->capture_default_str());
  of_training(command.add_option("--lr", how.learning_rate, "learning rate of Adam")
                  ->capture_default_str());
  of_training(
      command.add_option("--weight-decay", how.weight_decay, "decoupled")->capture_default_str());
  command.add_option("--seed", how.seed, "of weights, order, views and split")
      ->capture_default_str();
  of_training(command.add_option("--name", how.name, "of the model")->capture_default_str());
  of_training(command.add_option("--licence", how.licence, "of the data and so of the weights"));
  return [options](const cli::Job& job) { return run(job, *options); };
}

}  // namespace

cli::Verb train_locator_verb() {
  return {"train-locator", "Train the network that finds cells in fields",
          "  bloodcell train-locator bccd-fields/ raabin-fields/ -o locator.onnx\n"
          "  bloodcell train-locator bccd-fields/ raabin-fields/ --leave-out raabin-fields \\\n"
          "      --test-list test.txt -o locator.onnx",
          set_up};
}

}  // namespace bloodcell::training
