#include <completion.hpp>

#include <completion_tree.hpp>
#include <option_value.hpp>

namespace bloodcell::cli {

namespace {

CompletionOption describe(const CLI::Option& option) {
  const OptionValue value = value_of(option);
  CompletionOption described;
  for (const auto& name : option.get_snames()) described.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) described.names.push_back("--" + name);
  described.what = option.get_description();
  described.choices = value.choices;
  described.takes_value = value.kind != ValueKind::flag && option.get_expected_min() > 0;
  described.takes_path = value.kind == ValueKind::path;
  return described;
}

void add_verb(std::vector<CompletionVerb>& verbs, const CLI::App& app, const std::string& path,
              const std::vector<PartOption>& parts, const UsesByVerb& uses) {
  CompletionVerb verb;
  verb.path = path;
  for (const auto* option : app.get_options()) {
    if (option->get_positional()) {
      verb.choices = value_of(*option).choices;
    } else {
      verb.options.push_back(describe(*option));
    }
  }
  if (app.get_parent() != nullptr && !app.get_prefix_command()) {
    for (const auto* option : common_options_for(app, parts, uses)) {
      verb.options.push_back(describe(*option));
    }
  }
  for (const auto* nested : nested_of(app)) {
    verb.nested.push_back({nested->get_name(), nested->get_description()});
  }
  verbs.push_back(std::move(verb));
  for (const auto* nested : nested_of(app)) {
    add_verb(verbs, *nested, path + "/" + nested->get_name(), parts, uses);
  }
}

}  // namespace

std::string completion_script(const CLI::App& root, const std::vector<PartOption>& parts,
                              const UsesByVerb& uses, std::string_view shell) {
  std::vector<CompletionVerb> verbs;
  add_verb(verbs, root, "", parts, uses);
  const std::string& program = root.get_name();
  if (shell == "zsh") return zsh_completion(program, verbs);
  if (shell == "fish") return fish_completion(program, verbs);
  return bash_completion(program, verbs);
}

}  // namespace bloodcell::cli
