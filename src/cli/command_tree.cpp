#include <command_tree.hpp>

#include <algorithm>
#include <string_view>

#include <fmt/ranges.h>

#include <bloodcell/base/version.hpp>
#include <completion.hpp>
#include <nearest.hpp>
#include <option_value.hpp>

namespace bloodcell::cli {

namespace {

// To print a configuration, what the work itself would need may still be missing.
void release_requirements(CLI::App& app) {
  for (auto* option : app.get_options([](CLI::Option*) { return true; })) option->required(false);
  for (auto* verb : app.get_subcommands([](CLI::App*) { return true; }))
    release_requirements(*verb);
}

std::string see_help(const CLI::App& app) { return fmt::format("see {} --help", spoken_name(app)); }

}  // namespace

CommandTree::CommandTree(const Program& program) : root_(program.what, program.name) {
  root_.option_defaults()->always_capture_default();
  root_.set_help_flag("-h,--help", "print this and end");
  root_.set_version_flag("--version", fmt::format("{} {}", program.name, version()),
                         "print the version and end");
  parts_ = add_common_options(root_, common_);
  root_.formatter(std::make_shared<HelpFormatter>(parts_, uses_));
  root_.fallthrough();
  root_.require_subcommand(1);
  for (const auto& verb : program.verbs) add(root_, verb);
  add_completion();
  root_.footer(
      fmt::format("{} VERB --help says more of a verb and gives examples.\n"
                  "Exit status: 0 done, 1 failed, 2 wrong usage, 3 some inputs could not "
                  "be read, 130 interrupted.",
                  program.name));

  auto passed_over = program.sibling_verbs;
  for (const auto& verb : program.verbs) {
    if (root_.get_subcommand(verb.name)->get_prefix_command()) passed_over.push_back(verb.name);
  }
  configuration_ = std::make_shared<TomlConfiguration>(root_, std::move(passed_over));
  root_.config_formatter(configuration_);
}

void CommandTree::add(CLI::App& parent, const Verb& verb) {
  auto* command = parent.add_subcommand(verb.name, verb.what);
  command->group("Verbs");
  if (!verb.examples.empty()) command->footer("Examples:\n" + verb.examples);
  uses_[command] = verb.uses;
  if (verb.nested.empty()) {
    actions_[command] = verb.set_up(*command);
    return;
  }
  command->require_subcommand(1);
  for (const auto& nested : verb.nested) add(*command, nested);
}

void CommandTree::add_completion() {
  add(root_, {"completion",
              "Print a completion script for a shell",
              fmt::format("  source <({0} completion bash)\n"
                          "  {0} completion fish > ~/.config/fish/completions/{0}.fish",
                          root_.get_name()),
              [this](CLI::App& command) -> Action {
                auto shell = std::make_shared<std::string>();
                command.add_option("shell", *shell, "bash, zsh or fish")
                    ->check(CLI::IsMember({"bash", "zsh", "fish"}))
                    ->required();
                return [this, shell](const Job& job) -> Result<int> {
                  job.terminal.out << completion_script(root_, parts_, uses_, *shell);
                  return 0;
                };
              },
              Uses::nothing,
              {}});
}

void CommandTree::parse(int argc, const char* const* argv) {
  const auto* const end = argv + argc;
  const auto* const words_end =
      std::find_if(argv, end, [](std::string_view word) { return word == "--"; });
  if (std::find_if(argv, words_end,
                   [](std::string_view word) { return word == "--print-config"; }) != words_end) {
    release_requirements(root_);
  }
  root_.parse(argc, argv);
}

const CLI::App& CommandTree::chosen() const {
  const CLI::App* app = &root_;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return *app;
}

bool CommandTree::wants_json() const {
  if (common_.json) return true;
  // A verb's own --json [FILE]: without the file the document goes to the terminal.
  const auto* own = chosen().get_option_no_throw("--json");
  return own != nullptr && own->count() > 0 && own->results().back().empty();
}

std::string CommandTree::configuration_text() const {
  return configuration_->to_config(&chosen(), true, false, "");
}

Result<void> CommandTree::check_common_options() const {
  if (chosen().get_prefix_command()) return {};
  const Uses used = uses_.at(&chosen());
  for (const auto& part : parts_) {
    if (part.option->count() == 0 || has(used, part.part) || configuration_->named(part.option)) {
      continue;
    }
    return fail(ErrorCode::usage,
                fmt::format("{} has no effect on {}: {}", part.option->get_name(false, true),
                            spoken_name(chosen()), part.why_not),
                "", "leave it out");
  }
  return {};
}

Error CommandTree::explain(const CLI::ParseError& thrown) const {
  if (const auto* wrong = dynamic_cast<const ConfigurationError*>(&thrown)) return wrong->error;
  if (dynamic_cast<const CLI::FileError*>(&thrown) != nullptr) {
    return {ErrorCode::usage, "no such file", root_.get_option("--config")->as<std::string>(),
            "name a TOML file after --config"};
  }
  const auto words = root_.remaining(true);
  if (!words.empty()) return explain_word(words.front());
  if (!nested_of(chosen()).empty()) {
    return {ErrorCode::usage, fmt::format("name a verb: {}", fmt::join(verb_names(chosen()), ", ")),
            "", see_help(chosen())};
  }
  return {ErrorCode::usage, thrown.what(), "", see_help(chosen())};
}

Error CommandTree::explain_word(const std::string& word) const {
  if (!word.starts_with('-')) {
    if (nested_of(chosen()).empty()) {
      return {ErrorCode::usage, fmt::format("nothing is expected at '{}'", word), "",
              see_help(chosen())};
    }
    return {ErrorCode::usage, fmt::format("'{}' is not a verb of {}", word, spoken_name(chosen())),
            "", did_you_mean(word, verb_names(chosen()), see_help(chosen()))};
  }
  std::vector<std::string> names;
  for (const auto* app = &chosen(); app != nullptr; app = app->get_parent()) {
    for (const auto* option : app->get_options()) {
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  const std::string name = word.substr(0, word.find('='));
  return {ErrorCode::usage, fmt::format("{} has no option {}", spoken_name(chosen()), name), "",
          did_you_mean(name, names, see_help(chosen()))};
}

}  // namespace bloodcell::cli
