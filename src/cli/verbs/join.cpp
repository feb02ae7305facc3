#include <memory>

#include <answer.hpp>
#include <installed.hpp>

#include <bloodcell/cli/table.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::cli {

namespace {

struct JoinOptions {
  std::string model;
  std::string second;
  std::string locator;
  std::string output;
  model_file::SecondReading how;
};

// The model with another locator in place of its own.
Result<int> put_locator(const Job& job, const JoinOptions& options,
                        const model_file::ModelFile& model) {
  BC_ASSIGN(const auto locator, model_file::load(options.locator, job.context.limits));
  BC_ASSIGN(const auto joined, model_file::with_locator(model, locator).map_error([&](Error error) {
    return with_path(std::move(error), options.locator);
  }));
  BC_CHECK(model_file::save(joined, options.output));
  const auto& sha256 = joined.description.locator_sha256;
  if (job.json) {
    const nlohmann::ordered_json document{
        {"path", options.output}, {"bytes", joined.onnx.size()}, {"locator_sha256", sha256}};
    job.terminal.out << to_text(document);
  } else {
    job.terminal.out << fmt::format("{}: {} with {} to find its cells; {} bytes\n", options.output,
                                    model.description.name, locator.description.name,
                                    joined.onnx.size());
  }
  return 0;
}

Result<int> run_join(const Job& job, const JoinOptions& options) {
  if (options.second.empty() == options.locator.empty()) {
    return fail(ErrorCode::usage, "either --second or --locator says what to put in", {},
                "give one of them, and join again for the other");
  }
  BC_ASSIGN(const auto path, find_model(options.model));
  BC_ASSIGN(const auto model, model_file::load(path, job.context.limits));
  if (!options.locator.empty()) return put_locator(job, options, model);
  BC_ASSIGN(const auto second, model_file::load(options.second, job.context.limits));
  BC_ASSIGN(
      const auto joined,
      model_file::with_second(model, second, options.how.below, options.how.weight)
          .map_error([&](Error error) { return with_path(std::move(error), options.second); }));
  BC_CHECK(model_file::save(joined, options.output));
  const nlohmann::ordered_json document{{"path", options.output},
                                        {"bytes", joined.onnx.size()},
                                        {"second_sha256", joined.description.second->sha256},
                                        {"below", options.how.below},
                                        {"weight", options.how.weight}};
  if (job.json) {
    job.terminal.out << to_text(document);
    return 0;
  }
  job.terminal.out << fmt::format(
      "{}: {} with {} to read again under a confidence of {:.4g}; {} bytes\n"
      "Now fit when it does, and what to trust: bloodcell calibrate --model {}\n",
      options.output, model.description.name, second.description.name, options.how.below,
      joined.onnx.size(), options.output);
  return 0;
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<JoinOptions>();
  command.add_option("--model", options->model, "model file; without it the shipped one")
      ->type_name("FILE");
  auto* second = command.add_option(
      "--second", options->second,
      "model file of a larger network, with the same labels and cells framed alike");
  second->type_name("FILE");
  command
      .add_option("--locator", options->locator,
                  "model file that finds the cells, in place of the one within the model")
      ->type_name("FILE");
  command.add_option("-o,--output", options->output, "the model file that holds both")
      ->type_name("FILE")
      ->required();
  command.add_option("--below", options->how.below, "confidence under which it reads a cell again")
      ->check(CLI::Range(0.0, 1.0))
      ->needs(second);
  command.add_option("--weight", options->how.weight, "of its probabilities in the mean of both")
      ->check(CLI::Range(0.0, 1.0))
      ->needs(second);
  return [options](const Job& job) { return run_join(job, *options); };
}

}  // namespace

Verb join_verb() {
  return {"join",
          "Put a larger network into a model file, to read again the cells the first is unsure of, "
          "or another locator",
          "  bloodcell join --model small.onnx --second large.onnx -o both.onnx\n"
          "  bloodcell join --model small.onnx --locator fields.onnx -o other.onnx",
          set_up, Uses::json | Uses::files};
}

}  // namespace bloodcell::cli
