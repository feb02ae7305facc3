#include <help.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <option_value.hpp>

namespace bloodcell::cli {

HelpFormatter::HelpFormatter(const std::vector<PartOption>& parts, const UsesByVerb& uses)
    : parts_(parts), uses_(uses) {
  column_width(34);
  label("Positionals", "Inputs");
  label("SUBCOMMAND", "VERB");
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string /*name*/,
                                     CLI::AppFormatMode mode) const {
  std::string text = app->get_description() + "\n\n" + make_usage(app, spoken_name(*app)) +
                     make_positionals(app) + make_groups(app, mode);
  if (app->get_parent() != nullptr && nested_of(*app).empty()) {
    text += make_group("Common options", false, common_options_for(*app, parts_, uses_));
  }
  text += make_subcommands(app, mode);
  if (!app->get_footer().empty()) text += "\n" + app->get_footer() + "\n";
  return text;
}

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  const OptionValue value = value_of(*option);
  if (value.kind == ValueKind::flag) return {};
  std::string text =
      value.choices.empty() ? value.name : fmt::format("{}", fmt::join(value.choices, "|"));
  if (value.several) text += "...";
  const std::string& usual = option->get_default_str();
  if (!usual.empty() && usual != "[]" && usual != "\"\"") text += " [" + usual + "]";
  if (option->get_required()) text += " (needed)";
  return " " + text;
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string name) const {
  std::string text = "Usage: " + std::move(name) + " [OPTIONS]";
  for (const auto* option : app->get_options()) {
    if (option->get_positional()) text += " " + make_option_usage(option);
  }
  if (!nested_of(*app).empty()) text += " VERB";
  return text + "\n";
}

}  // namespace bloodcell::cli
