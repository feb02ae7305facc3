#include <bloodcell/train/config.hpp>

#include <cmath>
#include <limits>
#include <set>

#include <nlohmann/json.hpp>

#include <bloodcell/data/augment.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/train/sampling.hpp>
#include <bloodcell/train/transfer.hpp>

namespace bloodcell::train {
namespace {

using nlohmann::json;

template <class Number>
Result<void> in_range(const char* option, Number value, Number low, Number high) {
  if (value >= low && value <= high) return {};
  return fail(ErrorCode::usage,
              fmt::format("{} {}: must lie in {} … {}", option, value, low, high));
}

Result<void> one_of(const char* option, const std::string& value,
                    std::initializer_list<std::string_view> choices) {
  std::string listed;
  for (const auto choice : choices) {
    if (value == choice) return {};
    listed += (listed.empty() ? "" : ", ") + std::string(choice);
  }
  return fail(ErrorCode::usage, fmt::format("{} {}: must be one of {}", option, value, listed));
}

tl::unexpected<Error> wrong_field(const std::string& name, const char* what) {
  return fail(ErrorCode::malformed, fmt::format("configuration field `{}` {}", name, what));
}

// Fields that the first version did not write.
const std::set<std::string_view> kLaterFields{"tensorboard",
                                              "head",
                                              "head_layers",
                                              "head_width",
                                              "head_batch_norm",
                                              "head_dropout",
                                              "head_l2",
                                              "mixup",
                                              "cutmix",
                                              "input_norm",
                                              "weights",
                                              "freeze",
                                              "unfreeze",
                                              "freeze_norm",
                                              "feature_variants",
                                              "backbone_rate_factor",
                                              "teachers",
                                              "distillation_weight",
                                              "distillation_temperature",
                                              "optimiser",
                                              "momentum",
                                              "nesterov",
                                              "warmup_epochs",
                                              "plateau_factor",
                                              "plateau_patience",
                                              "clip_norm",
                                              "ema_decay",
                                              "accumulate",
                                              "class_weights",
                                              "sampling",
                                              "epoch_images"};

// Reads the fields of one JSON object, remembering which it was asked for.
class Fields {
 public:
  explicit Fields(const json& object) : object_(object) {}

  Result<void> read(const char* name, std::string& value) {
    return read_if(name, &json::is_string, "must be a text", value);
  }
  Result<void> read(const char* name, double& value) {
    return read_if(name, &json::is_number, "must be a number", value);
  }
  Result<void> read(const char* name, bool& value) {
    return read_if(name, &json::is_boolean, "must be true or false", value);
  }
  Result<void> read(const char* name, std::uint64_t& value) {
    return read_if(name, &json::is_number_unsigned, "must be a whole number from 0", value);
  }
  Result<void> read(const char* name, int& value) {
    auto wide = static_cast<std::uint64_t>(value);
    BC_CHECK(read(name, wide));
    if (wide > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) {
      return wrong_field(name, "is too large");
    }
    value = static_cast<int>(wide);
    return {};
  }
  Result<void> read(const char* name, image::Preprocessing& value) {
    json object;
    BC_CHECK(read_if(name, &json::is_object, "must be an object", object));
    BC_ASSIGN(value, image::preprocessing_from_json(object));
    return {};
  }

  Result<void> read(const char* name, SourceFile& value) {
    json object{{"path", value.path}, {"sha256", value.sha256}};
    BC_CHECK(read_if(name, &json::is_object, "must be an object", object));
    Fields fields(object);
    BC_CHECK(fields.read("path", value.path));
    BC_CHECK(fields.read("sha256", value.sha256));
    return fields.nothing_else();
  }
  Result<void> read(const char* name, std::vector<SourceFile>& values) {
    json list = json::array();
    BC_CHECK(read_if(name, &json::is_array, "must be a list", list));
    for (const auto& each : list) {
      const json named{{name, each}};
      BC_CHECK(Fields(named).read(name, values.emplace_back()));
    }
    return {};
  }

  Result<void> read(const char* name, std::vector<std::string>& values) {
    json list = json::array();
    BC_CHECK(read_if(name, &json::is_array, "must be a list", list));
    for (const auto& each : list) {
      if (!each.is_string()) return wrong_field(name, "must be a list of texts");
      values.push_back(each.get<std::string>());
    }
    return {};
  }

  [[nodiscard]] Result<void> nothing_else() const {
    for (const auto& [name, value] : object_.items()) {
      if (!asked_.contains(name)) return wrong_field(name, "is not known to this version");
    }
    return {};
  }

 private:
  template <class T>
  Result<void> read_if(const char* name, bool (json::*fits)() const noexcept, const char* must,
                       T& value) {
    asked_.insert(name);
    const auto found = object_.find(name);
    if (found == object_.end()) {
      if (kLaterFields.contains(name)) return {};
      return wrong_field(name, "is missing");
    }
    if (!((*found).*fits)()) return wrong_field(name, must);
    value = found->get<T>();
    return {};
  }

  const json& object_;
  std::set<std::string> asked_;
};

// One list of the fields for both directions: `visit(name, field)` for each.
template <class ConfigType, class Visit>
Result<void> for_each_field(ConfigType& config, Visit visit) {
  BC_CHECK(visit("architecture", config.architecture));
  BC_CHECK(visit("preprocessing", config.preprocessing));
  BC_CHECK(visit("augmentation", config.augmentation));
  BC_CHECK(visit("mixup", config.mixup));
  BC_CHECK(visit("cutmix", config.cutmix));
  BC_CHECK(visit("head", config.head));
  BC_CHECK(visit("head_layers", config.head_layers));
  BC_CHECK(visit("head_width", config.head_width));
  BC_CHECK(visit("head_batch_norm", config.head_batch_norm));
  BC_CHECK(visit("head_dropout", config.head_dropout));
  BC_CHECK(visit("head_l2", config.head_l2));
  BC_CHECK(visit("input_norm", config.input_norm));
  BC_CHECK(visit("weights", config.weights));
  BC_CHECK(visit("freeze", config.freeze));
  BC_CHECK(visit("unfreeze", config.unfreeze));
  BC_CHECK(visit("freeze_norm", config.freeze_norm));
  BC_CHECK(visit("feature_variants", config.feature_variants));
  BC_CHECK(visit("backbone_rate_factor", config.backbone_rate_factor));
  BC_CHECK(visit("teachers", config.teachers));
  BC_CHECK(visit("distillation_weight", config.distillation_weight));
  BC_CHECK(visit("distillation_temperature", config.distillation_temperature));
  BC_CHECK(visit("optimiser", config.optimiser));
  BC_CHECK(visit("momentum", config.momentum));
  BC_CHECK(visit("nesterov", config.nesterov));
  BC_CHECK(visit("learning_rate", config.learning_rate));
  BC_CHECK(visit("schedule", config.schedule));
  BC_CHECK(visit("warmup_epochs", config.warmup_epochs));
  BC_CHECK(visit("plateau_factor", config.plateau_factor));
  BC_CHECK(visit("plateau_patience", config.plateau_patience));
  BC_CHECK(visit("weight_decay", config.weight_decay));
  BC_CHECK(visit("clip_norm", config.clip_norm));
  BC_CHECK(visit("ema_decay", config.ema_decay));
  BC_CHECK(visit("batch", config.batch));
  BC_CHECK(visit("accumulate", config.accumulate));
  BC_CHECK(visit("label_smoothing", config.label_smoothing));
  BC_CHECK(visit("class_weights", config.class_weights));
  BC_CHECK(visit("sampling", config.sampling));
  BC_CHECK(visit("epoch_images", config.epoch_images));
  BC_CHECK(visit("epochs", config.epochs));
  BC_CHECK(visit("patience", config.patience));
  BC_CHECK(visit("checkpoint_seconds", config.checkpoint_seconds));
  BC_CHECK(visit("tensorboard", config.tensorboard));
  BC_CHECK(visit("seed", config.seed));
  BC_CHECK(visit("device", config.device));
  BC_CHECK(visit("monitor", config.monitor));
  return {};
}

json as_json(const image::Preprocessing& preprocessing) { return image::to_json(preprocessing); }
json as_json(const SourceFile& file) { return {{"path", file.path}, {"sha256", file.sha256}}; }
json as_json(const std::vector<SourceFile>& files) {
  json list = json::array();
  for (const auto& file : files) list.push_back(as_json(file));
  return list;
}
template <class T>
json as_json(const T& value) {
  return value;
}

Error as_usage(Error error, const char* option) {
  error.code = ErrorCode::usage;
  error.message = fmt::format("{}: {}", option, error.message);
  return error;
}

Result<void> check_optimisation(const Config& config) {
  BC_CHECK(one_of("--optimiser", config.optimiser, {"adamw", "adam", "sgd"}));
  BC_CHECK(in_range("--momentum", config.momentum, 0.0, 0.9999));
  if (config.nesterov && (config.optimiser != "sgd" || config.momentum == 0)) {
    return fail(ErrorCode::usage, "--nesterov: goes with --optimiser sgd and a momentum above 0");
  }
  BC_CHECK(in_range("--lr", config.learning_rate, 1e-9, 10.0));
  BC_CHECK(one_of("--schedule", config.schedule, {"constant", "cosine", "one-cycle", "plateau"}));
  BC_CHECK(
      in_range("--warmup-epochs", config.warmup_epochs, 0.0, static_cast<double>(config.epochs)));
  if (config.warmup_epochs > 0 && config.schedule == "one-cycle") {
    return fail(ErrorCode::usage, "--warmup-epochs: one-cycle warms up by itself");
  }
  BC_CHECK(in_range("--plateau-factor", config.plateau_factor, 0.01, 0.99));
  BC_CHECK(in_range("--plateau-patience", config.plateau_patience, 1, 100'000));
  BC_CHECK(in_range("--weight-decay", config.weight_decay, 0.0, 10.0));
  BC_CHECK(in_range("--clip-norm", config.clip_norm, 0.0, 1e9));
  BC_CHECK(in_range("--ema", config.ema_decay, 0.0, 0.999999));
  BC_CHECK(in_range("--batch", config.batch, 1, 65'536));
  return in_range("--accumulate", config.accumulate, 1, config.batch);
}

Result<void> check_alpha(const char* option, double alpha) {
  return alpha == 0 ? Result<void>{} : in_range(option, alpha, 0.05, 1.0);
}

Result<void> check_head(const Config& config) {
  BC_CHECK(one_of("--head", config.head, {"own", "pooled", "flat"}));
  BC_CHECK(in_range("--head-layers", config.head_layers, 0, 8));
  BC_CHECK(in_range("--head-width", config.head_width, 1, 65'536));
  BC_CHECK(in_range("--head-dropout", config.head_dropout, 0.0, 0.95));
  BC_CHECK(in_range("--head-l2", config.head_l2, 0.0, 10.0));
  const Config plain;
  const bool said = config.head_layers != plain.head_layers ||
                    config.head_width != plain.head_width ||
                    config.head_batch_norm != plain.head_batch_norm ||
                    config.head_dropout != plain.head_dropout || config.head_l2 != plain.head_l2;
  if (config.head != "own" || !said) return {};
  return fail(ErrorCode::usage,
              "--head-layers, -width, -no-norm, -dropout, -l2: go with --head "
              "pooled or flat");
}

// Kept features are of pictures as they are, drawn over by augmentation a fixed number of times.
Result<void> check_kept_features(const Config& config) {
  BC_CHECK(in_range("--feature-variants", config.feature_variants, 0, 10'000));
  if (config.feature_variants == 0) return {};
  const auto refused = [](const char* why) {
    return fail(ErrorCode::usage, fmt::format("--feature-variants: {}", why));
  };
  if (config.freeze != "backbone") return refused("goes with --freeze backbone");
  if (!config.unfreeze.empty()) return refused("features change under --unfreeze");
  if (config.mixup > 0 || config.cutmix > 0) return refused("pictures are mixed, features are not");
  if (!config.teachers.empty()) return refused("teachers must see the pictures");
  if (config.tensorboard) return refused("--tensorboard shows pictures of each epoch");
  if (config.augmentation != "none" || config.feature_variants == 1) return {};
  return refused("without --augment all variants are the same");
}

Result<void> check_what_was_learned(const Config& config) {
  BC_CHECK(in_range("--backbone-lr-factor", config.backbone_rate_factor, 0.0, 10.0));
  if (config.weights.path.empty() && config.freeze != "none") {
    return fail(ErrorCode::usage, "--freeze: goes with --weights; drawn weights must learn");
  }
  if (config.weights.path.empty() && config.freeze_norm) {
    return fail(ErrorCode::usage, "--freeze-norm: goes with --weights, whose statistics it keeps");
  }
  BC_CHECK(check_unfreezing(config));
  BC_CHECK(in_range("--distillation-weight", config.distillation_weight, 0.0, 1.0));
  return in_range("--distillation-temperature", config.distillation_temperature, 0.1, 100.0);
}

Result<void> check_what_is_shown(const Config& config) {
  BC_CHECK(check_alpha("--mixup", config.mixup));
  BC_CHECK(check_alpha("--cutmix", config.cutmix));
  BC_CHECK(in_range("--label-smoothing", config.label_smoothing, 0.0, 0.9));
  BC_CHECK(check_class_weights(config.class_weights));
  BC_CHECK(one_of("--sampling", config.sampling, {"all", "balanced", "sources"}));
  BC_CHECK(in_range("--epoch-images", config.epoch_images, 0, 1'000'000'000));
  if (config.sampling != "all") {
    if (config.class_weights != "balanced") return {};
    return fail(ErrorCode::usage, fmt::format("--class-weights balanced: --sampling {} has done it",
                                              config.sampling));
  }
  if (config.epoch_images == 0) return {};
  return fail(ErrorCode::usage, "--epoch-images: goes with --sampling balanced or sources");
}

}  // namespace

Result<void> check(const Config& config) {
  if (auto found = graph::find_architecture(config.architecture); !found) {
    return tl::unexpected(as_usage(found.error(), "--model"));
  }
  if (auto input = image::check(config.preprocessing); !input) {
    return tl::unexpected(as_usage(input.error(), "--size and --input-scale"));
  }
  if (auto found = data::augmentation_named(config.augmentation); !found) {
    return tl::unexpected(as_usage(found.error(), "--augment"));
  }
  BC_CHECK(check_optimisation(config));
  BC_CHECK(check_what_is_shown(config));
  BC_CHECK(check_head(config));
  BC_CHECK(check_what_was_learned(config));
  BC_CHECK(check_kept_features(config));
  BC_CHECK(in_range("--epochs", config.epochs, 1, 100'000));
  BC_CHECK(in_range("--patience", config.patience, 0, 100'000));
  BC_CHECK(in_range("--checkpoint-seconds", config.checkpoint_seconds, 0, 604'800));
  BC_CHECK(one_of("--device", config.device, {"auto", "cpu", "cuda"}));
  BC_CHECK(one_of("--monitor", config.monitor,
                  {"validation_loss", "validation_accuracy", "validation_macro_f1"}));
  return {};
}

json to_json(const Config& config) {
  json object = json::object();
  const auto written = for_each_field(config, [&](const char* name, const auto& field) {
    object[name] = as_json(field);
    return Result<void>{};
  });
  static_cast<void>(written);  // writing a field cannot fail
  return object;
}

Result<Config> config_from_json(const json& object) {
  if (!object.is_object()) return fail(ErrorCode::malformed, "a configuration is a JSON object");
  Config config;
  Fields fields(object);
  BC_CHECK(for_each_field(config,
                          [&](const char* name, auto& field) { return fields.read(name, field); }));
  BC_CHECK(fields.nothing_else());
  BC_CHECK(check(config));
  return config;
}

}  // namespace bloodcell::train
