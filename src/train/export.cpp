#include <bloodcell/train/export.hpp>

#include <optional>
#include <utility>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/base/version.hpp>
#include <bloodcell/data/loader.hpp>
#include <bloodcell/data/split.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/infer/verify.hpp>
#include <bloodcell/metrics/calibration.hpp>
#include <bloodcell/model_file/half_kernels.hpp>
#include <bloodcell/nn/network.hpp>

#include "checkpoint.hpp"
#include "validation.hpp"

namespace bloodcell::train {
namespace {

using nlohmann::json;

constexpr std::uint64_t kGoldenSeeds[] = {1, 2};

Result<std::vector<model_file::GoldenOutput>> golden_outputs(
    nn::Network& network, const image::Preprocessing& preprocessing) {
  std::vector<model_file::GoldenOutput> outputs;
  for (const auto seed : kGoldenSeeds) {
    BC_ASSIGN(auto logits, network.logits(model_file::golden_input(seed, preprocessing), 1));
    outputs.push_back({seed, std::move(logits)});
  }
  return outputs;
}

Result<double> temperature_of(const Context& context, const RunDirectory& run,
                              const data::Dataset& dataset, nn::Network& network) {
  if (dataset.labels != run.split().labels) {
    return fail(ErrorCode::mismatch, "the classes of the data are not those of the split",
                dataset.root.string());
  }
  BC_ASSIGN(auto samples, data::samples_of(dataset, run.split(), "validation"));
  data::LoaderOptions options;
  options.preprocessing = run.config().preprocessing;
  options.batch = run.config().batch;
  data::Loader loader(context, dataset, std::move(samples), options);
  BC_ASSIGN(const auto found, collect_logits(context, dataset, loader, [&](auto images, int count) {
              return network.logits(images, count);
            }));
  return metrics::fit_temperature(found.logits, found.truths,
                                  static_cast<int>(dataset.labels.size()));
}

json provenance_of(const RunDirectory& run, const graph::Graph& graph, const BestWeights& best,
                   const ExportOptions& options) {
  const auto& split = run.split();
  json config = to_json(run.config());
  config.erase("preprocessing");  // the description has it
  const auto name_alone = [](json& file) {
    file["path"] = std::filesystem::path(file["path"].get<std::string>()).filename().string();
  };
  name_alone(config["weights"]);
  for (auto& teacher : config["teachers"]) name_alone(teacher);
  return {{"bloodcell", version()},
          {"libtorch", nn::torch_version()},
          {"openvino", infer::engine_version()},
          {"data", run.data().filename().string()},
          {"split",
           {{"method", split.method},
            {"seed", split.seed},
            {"has_families", split.has_families},
            {"sha256", sha256(as_bytes_of(data::to_json_text(split)))}}},
          {"training", std::move(config)},
          {"parameters", graph.parameter_count()},
          {"best_epoch", best.epoch},
          {"validation",
           {{"loss", best.validation_loss},
            {"accuracy", best.validation_accuracy},
            {"family_accuracy", best.validation_family_accuracy},
            {"macro_f1", best.validation_macro_f1}}},
          {"calibrated", options.calibrate},
          {"half_kernels", options.half_kernels},
          {"licence", options.licence}};
}

std::string name_for(const RunDirectory& run, const ExportOptions& options) {
  if (!options.name.empty()) return options.name;
  std::error_code error;
  const auto folder = std::filesystem::absolute(run.folder(), error).lexically_normal();
  return folder.has_filename() ? folder.filename().string()
                               : folder.parent_path().filename().string();
}

Result<double> difference_to_openvino(const Context& context, const model_file::ModelFile& file) {
  infer::SessionOptions options;
  options.threads = context.pool.size();
  BC_ASSIGN(const auto session, infer::Session::open(file, options));
  BC_ASSIGN(const auto verification, infer::verify(session, file.description));
  return verification.largest_difference;
}

Result<BestWeights> best_of(const RunDirectory& run, const Limits& limits) {
  auto best = load_best(run.best_weights(), limits);
  if (best || best.error().code != ErrorCode::not_found) return best;
  return fail(ErrorCode::not_found, "the run has finished no epoch yet", run.folder().string(),
              fmt::format("train it: bloodcell train --resume {}", run.folder().string()));
}

}  // namespace

Result<Exported> export_run(const Context& context, const RunDirectory& run,
                            const data::Dataset* dataset, const ExportOptions& options) {
  if (options.calibrate && dataset == nullptr) {
    return fail(ErrorCode::usage, "calibration needs the run's data", run.data().string(),
                "name them with --data, or give --no-calibration");
  }
  nn::set_torch_threads(context.pool.size());
  BC_ASSIGN(const auto graph, graph_of(run.config(), run.split().labels));
  BC_ASSIGN(auto best, best_of(run, context.limits));
  if (options.half_kernels)
    best.weights = model_file::with_rounded_kernels(std::move(best.weights));
  auto network = nn::Network::make(graph, best.weights);
  if (!network) return tl::unexpected(with_path(network.error(), run.best_weights().string()));

  model_file::Description description;
  description.name = name_for(run, options);
  description.architecture = run.config().architecture;
  description.labels = run.split().labels;
  description.preprocessing = run.config().preprocessing;
  BC_ASSIGN(description.golden, golden_outputs(*network, description.preprocessing));
  if (options.calibrate) {
    BC_ASSIGN(description.temperature, temperature_of(context, run, *dataset, *network));
  }
  description.provenance = provenance_of(run, graph, best, options);

  Exported exported;
  BC_ASSIGN(exported.file, model_file::make(graph, best.weights, std::move(description)));
  if (options.half_kernels) {
    BC_ASSIGN(exported.file, model_file::with_half_kernels(exported.file));
  }
  BC_ASSIGN(exported.largest_difference, difference_to_openvino(context, exported.file));
  return exported;
}

}  // namespace bloodcell::train
