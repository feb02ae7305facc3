#include "new_run.hpp"

#include <filesystem>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <bloodcell/base/hash.hpp>
#include <bloodcell/cli/input_size.hpp>
#include <bloodcell/data/split.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/train/learner.hpp>

#include "run_data.hpp"

namespace bloodcell::training {
namespace {

namespace fs = std::filesystem;

// In place of the network's own scaling. The seed project fed every network raw pixels, 0 … 255:
// its baseline stayed at chance, and its three worst transferred networks were those that expect
// [−1, 1].
Result<void> set_scale(image::Preprocessing& preprocessing, const std::string& scale) {
  const auto set = [&](double mean, double deviation) {
    preprocessing.mean.fill(mean);
    preprocessing.deviation.fill(deviation);
    return Result<void>{};
  };
  if (scale == "raw") return set(0, 1);
  if (scale == "unit") return set(0, 255);
  if (scale == "signed") return set(127.5, 127.5);
  return fail(ErrorCode::usage, fmt::format("--input-scale {}: raw, unit or signed", scale));
}

Result<train::SourceFile> source_of(const std::string& file, const Limits& limits) {
  std::error_code error;
  train::SourceFile source{fs::absolute(file, error).lexically_normal().string(), {}};
  BC_ASSIGN(source.sha256, sha256_of_file(source.path, limits.max_file_bytes));
  return source;
}

Result<data::Split> split_of(const Context& context, const NewRunOptions& options,
                             const data::Dataset& dataset) {
  if (!options.split.empty()) return data::load_split(options.split, context.limits);
  if (!dataset.has_families) {
    context.log.warning(
        "NO FAMILIES ARE KNOWN: each picture is taken as its own. If several show one cell, the "
        "validation figures will be far too good. Name them with --families, or find them: "
        "bloodcell data families");
  }
  data::SplitOptions how;
  how.seed = options.config.seed;
  how.validation = options.validation;
  how.test = options.test;
  how.test_part = options.test_part;
  return data::make_split(context, dataset, how);
}

Result<void> check_leaks(const Context& context, const data::Split& split, bool allowed) {
  const auto leaks = data::find_leaks(split);
  if (leaks.empty()) return {};
  const auto& first = leaks.front();
  const std::string told = fmt::format(
      "the split leaks: {} families or pictures stand in several parts, the first is {} "
      "in {}",
      leaks.size(), first.family, fmt::join(first.parts, " and "));
  if (!allowed) {
    return fail(ErrorCode::leak, told, {},
                "split by family (leave --split out), or give --allow-leak and trust no figure");
  }
  context.log.warning("{}; its figures say nothing about new cells", told);
  return {};
}

struct OpenData {
  data::Dataset dataset;
  data::Split split;
};

Result<OpenData> open_data(const Context& context, const NewRunOptions& options) {
  std::vector<std::string> labels;
  if (!options.split.empty()) {
    BC_ASSIGN(const auto split, data::load_split(options.split, context.limits));
    labels = split.labels;
  }
  BC_ASSIGN(auto dataset, data::open_dataset(context, options.data, {options.families, labels}));
  BC_ASSIGN(auto split, split_of(context, options, dataset));
  if (!options.split.empty()) data::adopt_families(dataset, split);
  BC_CHECK(check_leaks(context, split, options.allow_leak));
  return OpenData{std::move(dataset), std::move(split)};
}

fs::path first_free_run(const std::string& architecture) {
  std::error_code error;
  for (int number = 1;; ++number) {
    fs::path folder = fs::path("runs") / fmt::format("{}-{}", architecture, number);
    if (!fs::exists(folder, error)) return folder;
  }
}

}  // namespace

Result<train::Config> config_of(const Context& context, const NewRunOptions& options) {
  train::Config config = options.config;
  if (options.head_without_norm) config.head_batch_norm = false;
  if (!options.weights.empty()) {
    BC_ASSIGN(config.weights, source_of(options.weights, context.limits));
  }
  for (const auto& file : options.teachers) {
    BC_ASSIGN(config.teachers.emplace_back(), source_of(file, context.limits));
  }
  auto architecture = graph::find_architecture(config.architecture);
  if (!architecture) {
    Error error = architecture.error();
    error.code = ErrorCode::usage;
    error.message = "--model: " + error.message;
    return tl::unexpected(std::move(error));
  }
  if (architecture->task != graph::Task::classify) {
    return fail(ErrorCode::usage, "--model: the locator names no classes", {},
                "train it with bloodcell train-locator");
  }
  cli::InputSize size{architecture->default_width_px, architecture->default_height_px};
  if (!options.size.empty()) {
    BC_ASSIGN(size, cli::input_size_from(options.size));
  }
  config.preprocessing = model_file::preprocessing_of(*architecture, size.width_px, size.height_px);
  if (!options.input_scale.empty()) {
    BC_CHECK(set_scale(config.preprocessing, options.input_scale));
  }
  config.preprocessing.cell_margin = options.cell_margin;
  config.preprocessing.white_point = options.white_point;
  BC_CHECK(check(config));
  BC_CHECK(train::check_device(config.device));
  return config;
}

Result<train::RunDirectory> reopen_run(const Context& context, const fs::path& folder,
                                       const train::Config& config) {
  BC_ASSIGN(auto run, train::RunDirectory::open(folder, context.limits));
  if (to_json(run.config()) == to_json(config)) return run;
  return fail(ErrorCode::mismatch, "holds a run of other settings", folder.string(),
              "name another folder, or repeat the options it was begun with");
}

Result<OpenRun> start_run(const Context& context, const NewRunOptions& options) {
  if (options.data.empty()) {
    return fail(ErrorCode::usage, "nothing to train on", {},
                "name the pictures with --data, or a run to go on with: --resume RUN");
  }
  BC_ASSIGN(const auto config, config_of(context, options));
  BC_ASSIGN(auto opened, open_data(context, options));
  const fs::path folder =
      options.run.empty() ? first_free_run(config.architecture) : fs::path(options.run);
  BC_ASSIGN(auto directory,
            train::RunDirectory::create(folder, config, opened.split, options.data));
  return OpenRun{std::move(directory), std::move(opened.dataset)};
}

Result<OpenRun> start_or_reopen(const Context& context, const NewRunOptions& options) {
  std::error_code error;
  if (!fs::exists(fs::path(options.run) / "config.json", error)) return start_run(context, options);
  BC_ASSIGN(const auto config, config_of(context, options));
  BC_ASSIGN(auto directory, reopen_run(context, options.run, config));
  BC_ASSIGN(auto dataset, open_run_data(context, directory, options.data));
  return OpenRun{std::move(directory), std::move(dataset)};
}

Result<Folds> open_folds(const Context& context, const NewRunOptions& options, int count) {
  BC_ASSIGN(auto opened, open_data(context, options));
  data::SplitOptions how;
  how.seed = options.config.seed;
  how.folds = count;
  BC_ASSIGN(const auto dealt, data::make_split(context, opened.dataset, how));
  std::unordered_map<std::string_view, std::string_view> fold_of;
  for (const auto& entry : dealt.entries) fold_of.emplace(entry.file, entry.part);
  Folds folds{std::move(opened.dataset), {}};
  for (int fold = 0; fold < count; ++fold) {
    data::Split& split = folds.splits.emplace_back(opened.split);
    const std::string judges = fmt::format("fold{}", fold);
    for (auto& entry : split.entries) {
      if (entry.part != "train" && entry.part != "validation") continue;
      const auto found = fold_of.find(entry.file);
      if (found == fold_of.end()) continue;  // samples_of tells of it
      entry.part = found->second == judges ? "validation" : "train";
    }
    BC_CHECK(check_leaks(context, split, options.allow_leak));
  }
  return folds;
}

}  // namespace bloodcell::training
