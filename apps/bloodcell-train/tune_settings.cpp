#include "tune_settings.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>

#include <nlohmann/json.hpp>

namespace bloodcell::training {
namespace {

using nlohmann::json;

// Each field with its name, for writing and reading alike.
template <class Settings, class Visit>
void visit_fields(Settings& settings, const Visit& visit) {
  visit("model", settings.model);
  visit("weights", settings.weights);
  visit("data", settings.data);
  visit("families", settings.families);
  visit("split", settings.split);
  visit("size", settings.size);
  visit("test_part", settings.test_part);
  visit("validation", settings.validation);
  visit("test", settings.test);
  visit("allow_leak", settings.allow_leak);
  visit("folds", settings.folds);
  visit("epochs", settings.epochs);
  visit("device", settings.device);
  visit("space", settings.space);
  visit("monitor", settings.monitor);
  visit("sampler", settings.sampler);
  visit("pruner", settings.pruner);
  visit("warmup_epochs", settings.warmup_epochs);
  visit("trials", settings.trials);
  visit("seed", settings.seed);
}

json json_of(const tune::Value& value) { return json::parse(tune::value_to_json(value)); }

// `head.units` names the field `units` of the object `head`.
json::json_pointer pointer_of(std::string name) {
  std::ranges::replace(name, '.', '/');
  return json::json_pointer("/" + name);
}

// What the search itself says, or what is no single value.
constexpr std::array<std::string_view, 7> kNotSearched{
    "monitor", "epochs", "seed", "device", "weights", "teachers", "tensorboard"};

bool is_name(std::string_view name) {
  return std::ranges::all_of(
      name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.'; });
}

Result<void> put(json& config, const std::string& name, const tune::Value& value) {
  if (std::ranges::find(kNotSearched, name) != kNotSearched.end()) {
    return fail(ErrorCode::usage, fmt::format("--space: {} is not for the space", name), {},
                "give it as an option of the search, where there is one");
  }
  const auto place = pointer_of(is_name(name) ? name : "no such name");
  if (name.starts_with("preprocessing") || !config.contains(place) || config[place].is_object()) {
    std::vector<std::string> known;
    for (const auto& [key, held] : config.items()) {
      if (key != "preprocessing") known.push_back(key);
    }
    return fail(ErrorCode::usage, fmt::format("--space: {} is no setting of a run", name), {},
                fmt::format("settings are size, {}", fmt::join(known, ", ")));
  }
  config[place] = json_of(value);
  return {};
}

}  // namespace

std::string to_json(const TuneSettings& settings) {
  json document;
  visit_fields(settings, [&](const char* name, const auto& field) { document[name] = field; });
  return document.dump();
}

Result<TuneSettings> settings_from_json(const std::string& text) {
  TuneSettings settings;
  try {
    const json document = json::parse(text);
    visit_fields(settings, [&](const char* name, auto& field) {
      if (document.contains(name)) document.at(name).get_to(field);
    });
  } catch (const json::exception& error) {
    return fail(ErrorCode::malformed,
                fmt::format("the study's settings cannot be read: {}", error.what()));
  }
  return settings;
}

tune::Direction direction_of(const std::string& monitor) {
  return monitor == "validation_loss" ? tune::Direction::minimize : tune::Direction::maximize;
}

Result<std::unique_ptr<tune::Sampler>> sampler_of(const TuneSettings& settings,
                                                  const tune::Space& space) {
  if (settings.sampler == "random") return tune::random_sampler(settings.seed);
  if (settings.sampler == "sobol") return tune::sobol_sampler(settings.seed);
  if (settings.sampler == "gp") return tune::gp_sampler({.seed = settings.seed});
  if (settings.sampler == "nsga2") return tune::nsga2_sampler({.seed = settings.seed});
  if (settings.sampler == "grid") {
    BC_ASSIGN(auto grid, tune::grid_of(space));
    return tune::grid_sampler(std::move(grid), settings.seed);
  }
  tune::TpeOptions options;
  options.seed = settings.seed;
  options.multivariate = settings.sampler != "tpe-univariate";
  return tune::tpe_sampler(options);
}

Result<std::unique_ptr<tune::Pruner>> pruner_of(const TuneSettings& settings) {
  const bool is_usual = settings.pruner == "usual";
  if (settings.pruner == "none") return tune::no_pruner();
  if (settings.pruner == "wilcoxon" || (is_usual && settings.folds > 0))
    return tune::wilcoxon_pruner({});
  if (settings.pruner == "halving") return tune::halving_pruner({.least_steps = 1});
  if (settings.pruner == "hyperband")
    return tune::hyperband_pruner({.most_steps = std::max(1, settings.epochs)});
  // Epochs count from 1.
  return tune::percentile_pruner({.warmup_steps = settings.warmup_epochs + 1});
}

Result<NewRunOptions> run_of(const TuneSettings& settings, const tune::NamedValues& fixed,
                             const tune::NamedValues& suggested) {
  NewRunOptions run;
  run.config.architecture = settings.model;
  run.config.epochs = settings.epochs;
  run.config.monitor = settings.monitor;
  run.config.seed = settings.seed;
  run.config.device = settings.device;
  run.config.weights.path = settings.weights;  // config_of adds its hash
  run.weights = settings.weights;
  run.data = settings.data;
  run.families = settings.families;
  run.split = settings.split;
  run.size = settings.size;
  run.test_part = settings.test_part;
  run.validation = settings.validation;
  run.test = settings.test;
  run.allow_leak = settings.allow_leak;
  run.config.preprocessing.width_px = run.config.preprocessing.height_px = 1;  // start_run's to set
  json config = json::parse(to_json(run.config).dump());  // as a file would hold it
  for (const auto* values : {&fixed, &suggested}) {
    for (const auto& [name, value] : *values) {
      if (name == "size") {
        run.size = tune::to_text(value);
      } else {
        BC_CHECK(put(config, name, value));
      }
    }
  }
  auto read = train::config_from_json(config);
  if (!read) return fail(ErrorCode::usage, "--space: " + read.error().message);
  run.config = std::move(*read);
  return run;
}

}  // namespace bloodcell::training
