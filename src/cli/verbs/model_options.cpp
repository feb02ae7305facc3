#include <verbs/model_options.hpp>

#include <cache_folder.hpp>
#include <installed.hpp>

namespace bloodcell::cli {

void add_precision_option(CLI::App& command, std::string& precision, const char* what) {
  command.add_option("--precision", precision, what)
      ->check(CLI::IsMember({"auto", "float32", "bfloat16", "int8"}));
}

infer::Precision precision_of(const std::string& option) {
  return infer::precision_named(option).value_or(infer::Precision::automatic);
}

void add_model_options(CLI::App& command, ModelOptions& options) {
  command.add_option("--model", options.model, "model file; without it the shipped one")
      ->type_name("FILE");
  command.add_option("--batch", options.batch, "pictures at a time; 1: the least time for each")
      ->check(CLI::Range(1, 4096));
  add_precision_option(
      command, options.precision,
      "of the networks' arithmetic; auto: the fastest on this kind of processor of which the model "
      "file says that it costs at most 0.3 points");
  command.add_flag(
      "--no-second", options.reads_once,
      "do not let the model file's second network read again what the first is unsure of");
  command
      .add_option("--locator", options.locator,
                  "model file that finds the cells, in place of the one within the model")
      ->type_name("FILE");
  command
      .add_option("--cache", options.cache,
                  "folder that keeps compiled networks, or off; without it ~/.cache/bloodcell")
      ->type_name("FOLDER");
}

void add_classes_option(CLI::App& command, ModelOptions& options) {
  command
      .add_option("--classes", options.judge.classes,
                  "the only classes that are possible here; probabilities then sum to 1 over them")
      ->delimiter(',')
      ->type_name("NAME,NAME");
}

void add_confidence_option(CLI::App& command, ModelOptions& options) {
  command
      .add_option("--min-confidence", options.judge.min_confidence,
                  "less sure is unidentified; without it as the model file says")
      ->check(CLI::Range(0.0, 1.0));
}

namespace {

Result<model_file::ModelFile> load_model(const Context& context,
                                         const std::filesystem::path& path) {
  context.log.debug("model {}", path.string());
  return model_file::load(path, context.limits);
}

}  // namespace

Result<model_file::ModelFile> load_locator(const Context& context,
                                           const std::filesystem::path& path) {
  BC_ASSIGN(auto model, load_model(context, path));
  if (model.locator.empty()) return model;
  return model_file::read(std::move(model.locator), context.limits);
}

predict::Options predict_options(const ModelOptions& options) {
  predict::Options how;
  how.batch = options.batch;
  how.precision = precision_of(options.precision);
  how.judge = options.judge;
  how.reads_twice = !options.reads_once;
  how.cache_folder = cache_folder(options.cache);
  return how;
}

Result<predict::Predictor> open_predictor(const Context& context, const ModelOptions& options,
                                          const predict::Options& how) {
  BC_ASSIGN(const auto path, find_model(options.model));
  const auto place = [&](Error error) { return with_path(std::move(error), path.string()); };
  const bool is_ours = options.foreign.labels.empty();
  if (is_ours && options.foreign != ForeignOptions{}) {
    return fail(ErrorCode::usage, "a model file of ours says itself how it sees", path.string(),
                "leave out --size, --scaling and the like, or give --labels for another's network");
  }
  if (!is_ours && options.model.empty()) {
    return fail(ErrorCode::usage, "--labels is for a network of others", {}, "add --model FILE");
  }
  BC_ASSIGN(auto model, is_ours ? load_model(context, path).map_error(place)
                                : load_foreign(context, path, options.foreign));
  predict::Options resolved = how;
  if (!options.locator.empty()) {
    BC_ASSIGN(resolved.locator, load_locator(context, options.locator));
  }
  return predict::Predictor::open(context, std::move(model), resolved).map_error(place);
}

Result<locate::Locator> open_locator(const Context& context, const std::string& named,
                                     locate::LocatorOptions options) {
  BC_ASSIGN(const auto path, find_locator(named));
  const auto place = [&](Error error) { return with_path(std::move(error), path.string()); };
  BC_ASSIGN(const auto model, load_locator(context, path).map_error(place));
  options.cache_folder = cache_folder({});
  return locate::Locator::open(model, options).map_error(place);
}

}  // namespace bloodcell::cli
