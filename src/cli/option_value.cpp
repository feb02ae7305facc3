#include <option_value.hpp>

namespace bloodcell::cli {

namespace {

ValueKind kind_named(std::string_view name) {
  if (name == "INT" || name == "UINT") return ValueKind::whole_number;
  if (name == "FLOAT") return ValueKind::number;
  if (name == "TEXT") return ValueKind::text;
  if (name == "FILE" || name == "FOLDER" || name == "PATH") return ValueKind::path;
  return ValueKind::other;
}

// CLI11 writes a closed list of values as `{a,b,c}`.
std::vector<std::string> choices_in(std::string_view type_name) {
  const auto open = type_name.find(":{");
  if (open == std::string_view::npos) return {};
  const auto close = type_name.find('}', open);
  if (close == std::string_view::npos) return {};
  return CLI::detail::split(std::string(type_name.substr(open + 2, close - open - 2)), ',');
}

}  // namespace

OptionValue value_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return {ValueKind::flag, "", {}, false};
  const std::string type_name = option.get_type_name();
  OptionValue value;
  value.name = type_name.substr(0, type_name.find(':'));
  value.kind = kind_named(value.name);
  value.choices = choices_in(type_name);
  value.several = option.get_items_expected_max() > 1;
  return value;
}

std::string key_of(const CLI::Option& option) {
  if (!option.get_lnames().empty()) return option.get_lnames().front();
  return option.get_positional() ? option.get_name(true, false) : std::string();
}

std::vector<CLI::Option*> configurable_options(CLI::App& app) {
  return app.get_options(
      [](CLI::Option* option) { return option->get_configurable() && !key_of(*option).empty(); });
}

std::vector<const CLI::App*> nested_of(const CLI::App& app) { return app.get_subcommands({}); }

std::vector<std::string> verb_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* verb : nested_of(app)) names.push_back(verb->get_name());
  return names;
}

std::string spoken_name(const CLI::App& app) {
  if (app.get_parent() == nullptr) return app.get_name();
  return spoken_name(*app.get_parent()) + " " + app.get_name();
}

}  // namespace bloodcell::cli
