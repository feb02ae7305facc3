#include <memory>
#include <optional>

#include <fmt/ranges.h>

#include <answer.hpp>
#include <installed.hpp>

#include <bloodcell/cli/table.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/infer/verify.hpp>

namespace bloodcell::cli {

namespace {

struct InfoOptions {
  std::string model;
  bool verify = false;
};

std::string spoken(image::Fit fit) {
  switch (fit) {
    case image::Fit::stretch: return "stretched";
    case image::Fit::letterbox: return "whole, bars beside it";
    case image::Fit::crop: return "filled, edges cut";
  }
  return "";
}

std::string text_of(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void print_description(std::ostream& out, const model_file::Description& description,
                       const std::optional<infer::Verification>& verification) {
  const auto& picture = description.preprocessing;
  Table table({"model", description.name});
  table.row({"architecture", description.architecture});
  table.row({"classes", fmt::format("{}", fmt::join(description.labels, ", "))});
  table.row({"input", fmt::format("{} × {} pixels, {}", picture.width_px, picture.height_px,
                                  picture.channels == image::ChannelOrder::rgb ? "RGB" : "BGR")});
  table.row({"fit", spoken(picture.fit)});
  table.row({"resized by", picture.interpolation == image::Interpolation::area
                               ? "area means"
                               : "bilinear interpolation"});
  table.row({"mean", fmt::format("{}", fmt::join(picture.mean, ", "))});
  table.row({"deviation", fmt::format("{}", fmt::join(picture.deviation, ", "))});
  table.row({"temperature", fmt::format("{:.4g}", description.temperature)});
  table.row({"unidentified", fmt::format("below {:.4g}", description.min_confidence)});
  for (const auto& figures : description.precisions) {
    table.row({"in " + figures.precision,
               fmt::format("{} of {} held-out cells right", figures.right, figures.cells)});
  }
  if (description.second) {
    table.row(
        {"second network", fmt::format("reads again under a confidence of {:.4g}, weight {:.4g}",
                                       description.second->below, description.second->weight)});
  }
  table.row({"golden outputs", fmt::format("{}, tolerance {:.1g}", description.golden.size(),
                                           description.golden_tolerance)});
  table.row({"graph", description.graph_sha256});
  table.row({"format", fmt::format("{}", description.format_version)});
  if (description.provenance.is_object()) {
    for (const auto& [key, value] : description.provenance.items()) {
      table.row({key, text_of(value)});
    }
  }
  if (verification) {
    table.row(
        {"verified", fmt::format("{} outputs, largest difference {:.2g}",
                                 verification->outputs_checked, verification->largest_difference)});
  }
  table.print(out);
}

Result<int> run_info(const Job& job, const InfoOptions& options) {
  BC_ASSIGN(const auto path, find_model(options.model));
  const auto place = [&](Error error) { return with_path(std::move(error), path.string()); };
  BC_ASSIGN(const auto file, model_file::load(path, job.context.limits).map_error(place));
  std::optional<infer::Verification> verification;
  if (options.verify) {
    const auto& context = job.context;
    BC_ASSIGN(verification,
              infer::verify_file(file, context.pool.size(), context.limits).map_error(place));
  }
  if (!job.json) {
    print_description(job.terminal.out, file.description, verification);
    return 0;
  }
  nlohmann::ordered_json document{{"path", path.string()},
                                  {"description", model_file::to_json(file.description)}};
  if (verification) {
    document["verification"] = {{"outputs_checked", verification->outputs_checked},
                                {"largest_difference", verification->largest_difference}};
  }
  job.terminal.out << to_text(document);
  return 0;
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<InfoOptions>();
  command.add_option("model", options->model, "model file; without it the shipped one")
      ->type_name("FILE");
  command.add_flag("--verify", options->verify,
                   "run its golden inputs and compare with the outputs it was made with");
  return [options](const Job& job) { return run_info(job, *options); };
}

}  // namespace

Verb info_verb() {
  return {"info", "Say what a model file holds",
          "  bloodcell info model.onnx\n  bloodcell info model.onnx --verify", set_up,
          Uses::json | Uses::threads | Uses::files};
}

}  // namespace bloodcell::cli
