#include <verbs/model_options.hpp>

#include <installed.hpp>

namespace bloodcell::cli {

void add_model_options(CLI::App& command, ModelOptions& options) {
  command.add_option("--model", options.model, "model file; without it the shipped one")
      ->type_name("FILE");
  command.add_option("--batch", options.batch, "pictures at a time")->check(CLI::Range(1, 4096));
  command.add_option("--precision", options.precision, "of the network's arithmetic")
      ->check(CLI::IsMember({"float32", "bfloat16"}));
}

predict::Options predict_options(const ModelOptions& options) {
  predict::Options how;
  how.batch = options.batch;
  how.precision =
      options.precision == "bfloat16" ? infer::Precision::bfloat16 : infer::Precision::float32;
  return how;
}

Result<predict::Predictor> open_predictor(const Context& context, const ModelOptions& options,
                                          const predict::Options& how) {
  BC_ASSIGN(const auto path, find_model(options.model));
  context.log.debug("model {}", path.string());
  const auto place = [&](Error error) { return with_path(std::move(error), path.string()); };
  BC_ASSIGN(auto model, model_file::load(path, context.limits).map_error(place));
  return predict::Predictor::open(context, std::move(model), how).map_error(place);
}

}  // namespace bloodcell::cli
