#include <cmath>
#include <memory>

#include <answer.hpp>

#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/infer/session.hpp>
#include <verbs/foreign_options.hpp>

namespace bloodcell::cli {

namespace {

struct ImportOptions {
  std::string network;
  std::string output;
  std::string name;
  ForeignOptions foreign;
};

// One picture alone and in a batch of two must give the same; what it gives becomes the golden
// output that later engines are checked against.
Result<model_file::ModelFile> proved(const Context& context, const model_file::ModelFile& file) {
  constexpr std::uint64_t kSeed = 1;
  BC_ASSIGN(const auto session,
            infer::Session::open(file, {.threads = context.pool.size(), .cache_folder = {}}));
  auto description = file.description;
  auto input = model_file::golden_input(kSeed, description.preprocessing);
  BC_ASSIGN(const auto alone, session.run(input, 1));
  const std::size_t values = input.size();
  input.resize(2 * values);
  std::copy_n(input.begin(), values, input.begin() + static_cast<std::ptrdiff_t>(values));
  const auto both = session.run(input, 2);
  const auto of_batch = [](std::string what) {
    return fail(ErrorCode::unsupported, std::move(what), {},
                "export the network with a batch of any size (dynamic_axes, dynamic_shapes)");
  };
  if (!both) return of_batch("the network runs on one picture at a time alone");
  for (std::size_t i = 0; i < alone.size(); ++i) {
    const double allowed = description.golden_tolerance * std::max(1.0F, std::abs(alone[i]));
    if (std::abs((*both)[i] - alone[i]) > allowed ||
        std::abs((*both)[alone.size() + i] - alone[i]) > allowed) {
      return of_batch("the network gives another answer for a picture in a batch");
    }
  }
  description.golden = {{kSeed, alone}};
  return model_file::with_description(file, std::move(description));
}

Result<int> run_import(const Job& job, const ImportOptions& options) {
  BC_CHECK(check_output(options.output, options.network));
  BC_ASSIGN(auto file, load_foreign(job.context, options.network, options.foreign));
  if (!options.name.empty()) {
    auto named = file.description;
    named.name = options.name;
    BC_ASSIGN(file, model_file::with_description(file, std::move(named)));
  }
  const auto place = [&](Error error) { return with_path(std::move(error), options.network); };
  BC_ASSIGN(const auto done, proved(job.context, file).map_error(place));
  BC_CHECK(model_file::save(done, options.output));
  job.context.log.info("{}: {} classes, input {} × {}", options.output,
                       done.description.labels.size(), done.description.preprocessing.width_px,
                       done.description.preprocessing.height_px);
  return 0;
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<ImportOptions>();
  command.add_option("network", options->network, "ONNX file")->type_name("FILE")->required();
  command.add_option("-o,--output", options->output, "model file to write")
      ->type_name("FILE")
      ->required();
  command.add_option("--name", options->name, "of the model; without it the file's");
  add_foreign_options(command, options->foreign);
  command.get_option("--labels")->required();
  return [options](const Job& job) { return run_import(job, *options); };
}

}  // namespace

Verb import_onnx_verb() {
  return {
      "import-onnx", "Make a model file of an ONNX classifier that others have exported",
      "  bloodcell import-onnx resnet.onnx --labels classes.txt --scaling imagenet -o ours.onnx\n"
      "  bloodcell import-onnx keras.onnx --labels classes.txt --layout nhwc --scaling caffe "
      "--channels bgr --output-is probabilities -o ours.onnx",
      set_up, Uses::threads | Uses::files};
}

}  // namespace bloodcell::cli
