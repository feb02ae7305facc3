// A search space as a TOML text:
//   schedule = "cosine"                  every run has it
//   [learning_rate]                      a range: low, high, and log or step
//   low = 1e-5
//   high = 1e-2
//   log = true
//   [momentum]                           exists only in runs with sgd
//   low = 0.8
//   high = 0.99
//   when = { optimiser = ["sgd"] }
//   [optimiser]
//   choices = ["adamw", "sgd"]
// Whole numbers make a range of whole numbers.
#include <algorithm>

#include <toml++/toml.h>

#include "tune_settings.hpp"

namespace bloodcell::training {
namespace {

tl::unexpected<Error> wrong(const std::string& name, std::string_view what) {
  return fail(ErrorCode::usage, fmt::format("--space: {}: {}", name, what));
}

Result<tune::Value> value_of(const std::string& name, const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return tune::Value{*text};
  if (const auto truth = node.value_exact<bool>()) return tune::Value{*truth};
  if (const auto integer = node.value_exact<std::int64_t>()) return tune::Value{*integer};
  if (const auto number = node.value_exact<double>()) return tune::Value{*number};
  return wrong(name, "a value must be a text, a number or a truth");
}

Result<std::vector<tune::Value>> values_of(const std::string& name, const toml::node& node) {
  std::vector<tune::Value> values;
  if (const auto* list = node.as_array()) {
    for (const auto& item : *list) {
      BC_ASSIGN(auto value, value_of(name, item));
      values.push_back(std::move(value));
    }
    return values;
  }
  BC_ASSIGN(auto value, value_of(name, node));
  values.push_back(std::move(value));
  return values;
}

Result<tune::Distribution> range_of(const std::string& name, const toml::table& table) {
  const auto* low = table.get("low");
  const auto* high = table.get("high");
  if (low == nullptr || high == nullptr || !low->is_number() || !high->is_number())
    return wrong(name, "give low and high, or choices");
  const bool log = table["log"].value_or(false);
  const auto* step = table.get("step");
  if (step != nullptr && !step->is_number()) return wrong(name, "its step is no number");
  if (low->is_integer() && high->is_integer() && (step == nullptr || step->is_integer())) {
    return tune::IntRange{*low->value<std::int64_t>(), *high->value<std::int64_t>(), log,
                          table["step"].value_or(std::int64_t{1})};
  }
  tune::FloatRange range{*low->value<double>(), *high->value<double>(), log, std::nullopt};
  if (step != nullptr) range.step = step->value<double>();
  return range;
}

bool is_parameter(const toml::table& table) {
  return table.contains("low") || table.contains("high") || table.contains("choices");
}

Result<tune::SpaceParameter> parameter_of(const std::string& name, const toml::table& table) {
  for (const auto& [key, node] : table) {
    static constexpr std::string_view kKnown[] = {"low", "high", "log", "step", "choices", "when"};
    if (std::ranges::find(kKnown, key.str()) == std::end(kKnown))
      return wrong(name, fmt::format("{} says nothing of a range", key.str()));
  }
  tune::SpaceParameter parameter{name, {}, {}, {}};
  if (const auto* choices = table.get("choices")) {
    if (table.contains("low") || table.contains("high"))
      return wrong(name, "give low and high, or choices");
    BC_ASSIGN(auto values, values_of(name, *choices));
    parameter.distribution = tune::Categories{std::move(values)};
  } else {
    BC_ASSIGN(parameter.distribution, range_of(name, table));
  }
  const auto* when = table.get("when");
  if (when == nullptr) return parameter;
  const auto* condition = when->as_table();
  if (condition == nullptr || condition->size() != 1)
    return wrong(name, "write its condition as when = { other = [values] }");
  parameter.when = condition->begin()->first.str();
  BC_ASSIGN(parameter.is, values_of(name, condition->begin()->second));
  return parameter;
}

Result<void> read_table(const toml::table& table, const std::string& prefix, TuneSpace& space) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    const auto* inner = node.as_table();
    if (inner == nullptr) {
      BC_ASSIGN(auto value, value_of(name, node));
      space.fixed.emplace_back(name, std::move(value));
    } else if (is_parameter(*inner)) {
      BC_ASSIGN(auto parameter, parameter_of(name, *inner));
      space.searched.push_back(std::move(parameter));
    } else {
      BC_CHECK(read_table(*inner, name + ".", space));
    }
  }
  return {};
}

}  // namespace

const char* usual_space(bool with_weights) {
  if (with_weights) {
    return "freeze = \"backbone\"\nhead = \"pooled\"\noptimiser = \"adam\"\n"
           "augmentation = \"seed\"\nfeature_variants = 4\n"
           "[learning_rate]\nlow = 1e-5\nhigh = 1e-2\nlog = true\n"
           "[head_layers]\nlow = 1\nhigh = 2\n"
           "[head_width]\nlow = 128\nhigh = 256\n"
           "[head_dropout]\nchoices = [0.5, 0.0]\n"
           "[head_batch_norm]\nchoices = [true, false]\n"
           "[head_l2]\nlow = 1e-5\nhigh = 1e-2\nlog = true\n";
  }
  return "[learning_rate]\nlow = 1e-5\nhigh = 1e-2\nlog = true\n"
         "[weight_decay]\nlow = 1e-5\nhigh = 1e-2\nlog = true\n"
         "[label_smoothing]\nlow = 0.0\nhigh = 0.2\nstep = 0.05\n";
}

Result<TuneSpace> space_of(const std::string& toml) {
  TuneSpace space;
  try {
    BC_CHECK(read_table(toml::parse(toml), "", space));
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::malformed, fmt::format("--space, line {}: {}", error.source().begin.line,
                                                  error.description()));
  }
  if (space.searched.empty()) return fail(ErrorCode::usage, "--space: nothing to search");
  auto searched = tune::checked(std::move(space.searched));
  if (!searched) return fail(ErrorCode::usage, "--space: " + searched.error().message);
  space.searched = std::move(*searched);
  return space;
}

}  // namespace bloodcell::training
