#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <completion_tree.hpp>

namespace bloodcell::cli {

namespace {

std::vector<std::string> words_of(const CompletionVerb& verb) {
  std::vector<std::string> words;
  for (const auto& option : verb.options) {
    words.insert(words.end(), option.names.begin(), option.names.end());
  }
  return words;
}

// `/data/split:--seed|/data/split:-s`
std::string pattern_of(const CompletionVerb& verb, const CompletionOption& option) {
  std::vector<std::string> patterns;
  for (const auto& name : option.names) patterns.push_back(verb.path + ":" + name);
  return fmt::format("{}", fmt::join(patterns, "|"));
}

std::vector<std::string> nested_names(const CompletionVerb& verb) {
  std::vector<std::string> names;
  for (const auto& nested : verb.nested) names.push_back(nested.name);
  return names.empty() ? verb.choices : names;
}

// zsh's _describe parts name and text at the first colon.
std::string zsh_entry(const std::string& name, const std::string& what) {
  return single_quoted(fmt::format("{}:{}", name, what), R"('\'')");
}

std::string fish_option(const std::string& name) {
  return name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
}

}  // namespace

std::string function_name(const std::string& program) {
  std::string name = program;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string single_quoted(const std::string& text, const std::string& quote) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? quote : std::string(1, c);
  return quoted + "'";
}

std::string paths_joined(const std::vector<CompletionVerb>& verbs, char between) {
  std::string joined;
  for (const auto& verb : verbs) {
    if (verb.path.empty()) continue;
    if (!joined.empty()) joined += between;
    joined += verb.path;
  }
  return joined;
}

std::string bash_completion(const std::string& program, const std::vector<CompletionVerb>& verbs) {
  std::string values;
  std::string words;
  for (const auto& verb : verbs) {
    for (const auto& option : verb.options) {
      if (!option.takes_value) continue;
      const std::string action =
          option.takes_path ? R"(mapfile -t COMPREPLY < <(compgen -f -- "$current"))"
          : option.choices.empty()
              ? "COMPREPLY=()"
              : fmt::format(R"(mapfile -t COMPREPLY < <(compgen -W "{}" -- "$current"))",
                            fmt::join(option.choices, " "));
      values += fmt::format("    {}) {}; return ;;\n", pattern_of(verb, option), action);
    }
    words += fmt::format("    {}) options=\"{}\" names=\"{}\" ;;\n",
                         verb.path.empty() ? "''" : verb.path, fmt::join(words_of(verb), " "),
                         fmt::join(nested_names(verb), " "));
  }
  return fmt::format(R"(# bash completion of {0}; made by `{0} completion bash`
_{1}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
  local verb='' options='' names='' i
  if [[ $current == = ]]; then current=''
  elif [[ $before == = ]]; then before=${{COMP_WORDS[COMP_CWORD-2]}}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$verb/${{COMP_WORDS[i]}}" in
      {2}) verb+=/${{COMP_WORDS[i]}} ;;
    esac
  done
  case "$verb:$before" in
{3}  esac
  case "$verb" in
{4}  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ -n $names ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$names" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}}
complete -o filenames -F _{1} {0}
)",
                     program, function_name(program), paths_joined(verbs, '|'), values, words);
}

std::string zsh_completion(const std::string& program, const std::vector<CompletionVerb>& verbs) {
  std::string values;
  std::string words;
  for (const auto& verb : verbs) {
    std::string options;
    std::string names;
    for (const auto& option : verb.options) {
      for (const auto& name : option.names) options += " " + zsh_entry(name, option.what);
      if (!option.takes_value) continue;
      const std::string action = option.takes_path ? "_files"
                                 : option.choices.empty()
                                     ? "_message value"
                                     : fmt::format("compadd {}", fmt::join(option.choices, " "));
      values += fmt::format("    ({}) {}; return ;;\n", pattern_of(verb, option), action);
    }
    for (const auto& nested : verb.nested) names += " " + zsh_entry(nested.name, nested.what);
    for (const auto& choice : verb.choices) names += " " + zsh_entry(choice, "");
    words += fmt::format("    ({}) options=({}) names=({}) ;;\n",
                         verb.path.empty() ? "''" : verb.path, options, names);
  }
  return fmt::format(R"(#compdef {0}
# zsh completion of {0}; made by `{0} completion zsh`
_{1}() {{
  local verb='' i
  local -a options names
  for ((i = 2; i < CURRENT; i++)); do
    case "$verb/${{words[i]}}" in
      ({2}) verb="$verb/${{words[i]}}" ;;
    esac
  done
  case "$verb:${{words[CURRENT-1]}}" in
{3}  esac
  case "$verb" in
{4}  esac
  if [[ ${{words[CURRENT]}} == -* ]]; then
    _describe option options
  elif (( $#names )); then
    _describe verb names
  else
    _files
  fi
}}
compdef _{1} {0}
)",
                     program, function_name(program), paths_joined(verbs, '|'), values, words);
}

std::string fish_completion(const std::string& program, const std::vector<CompletionVerb>& verbs) {
  std::string lines;
  for (const auto& verb : verbs) {
    const std::string at = fmt::format("complete -c {} -n 'test (__{}_verb)x = {}x'", program,
                                       function_name(program), verb.path);
    for (const auto& option : verb.options) {
      lines += at;
      for (const auto& name : option.names) lines += fish_option(name);
      if (option.takes_value) lines += option.takes_path ? " -r -F" : " -x";
      if (!option.choices.empty()) lines += fmt::format(" -a '{}'", fmt::join(option.choices, " "));
      lines += fmt::format(" -d {}\n", single_quoted(option.what, R"(\')"));
    }
    for (const auto& nested : verb.nested) {
      lines +=
          fmt::format("{} -f -a {} -d {}\n", at, nested.name, single_quoted(nested.what, R"(\')"));
    }
    if (!verb.choices.empty()) {
      lines += fmt::format("{} -f -a '{}'\n", at, fmt::join(verb.choices, " "));
    }
  }
  return fmt::format(R"(# fish completion of {0}; made by `{0} completion fish`
function __{1}_verb
  set -l verb ''
  for word in (commandline -opc)[2..-1]
    switch "$verb/$word"
      case {2}
        set verb "$verb/$word"
    end
  end
  echo "$verb"
end
{3})",
                     program, function_name(program), paths_joined(verbs, ' '), lines);
}

}  // namespace bloodcell::cli
