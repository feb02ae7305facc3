// A Program as CLI11's tree: every verb with its options, the common ones at the root.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <bloodcell/cli/application.hpp>
#include <common_options.hpp>
#include <configuration.hpp>
#include <help.hpp>

namespace bloodcell::cli {

class CommandTree {
 public:
  explicit CommandTree(const Program& program);
  CommandTree(const CommandTree&) = delete;
  CommandTree& operator=(const CommandTree&) = delete;

  // Throws what CLI11 throws.
  void parse(int argc, const char* const* argv);

  [[nodiscard]] const CommonOptions& common() const { return common_; }
  [[nodiscard]] const CLI::App& root() const { return root_; }
  [[nodiscard]] const CLI::App& chosen() const;  // the deepest verb named, or the root
  [[nodiscard]] const Action& action() const { return actions_.at(&chosen()); }
  [[nodiscard]] bool wants_json() const;
  [[nodiscard]] std::string configuration_text() const;

  // Errors: usage, for a common option on the command line that has no effect on the chosen verb.
  [[nodiscard]] Result<void> check_common_options() const;

  // What parse() threw, told in our words.
  [[nodiscard]] Error explain(const CLI::ParseError& thrown) const;

 private:
  void add(CLI::App& parent, const Verb& verb);
  void add_completion();
  [[nodiscard]] Error explain_word(const std::string& word) const;

  CLI::App root_;
  CommonOptions common_;
  std::vector<PartOption> parts_;
  UsesByVerb uses_;
  std::map<const CLI::App*, Action> actions_;
  std::shared_ptr<TomlConfiguration> configuration_;  // CLI11 shares it
};

}  // namespace bloodcell::cli
