// Options from a TOML file, and all options as a TOML text. Common options stand at the top, those
// of a verb in its table, `[data.split]` for a nested one; a key is an option's long name.
#pragma once

#include <istream>
#include <set>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <bloodcell/base/result.hpp>

namespace bloodcell::cli {

// What is wrong with a configuration file; error.path is `FILE:LINE:COLUMN`.
class ConfigurationError : public CLI::ConfigError {
 public:
  explicit ConfigurationError(bloodcell::Error what_is_wrong)
      : CLI::ConfigError(to_text(what_is_wrong)), error(std::move(what_is_wrong)) {}
  bloodcell::Error error;
};

class TomlConfiguration final : public CLI::Config {
 public:
  // root outlives this. Tables of `passed_over` are not looked at.
  TomlConfiguration(CLI::App& root, std::vector<std::string> passed_over);

  // Throws ConfigurationError: syntax, an unknown table or key, a value of another type or out of
  // range.
  std::vector<CLI::ConfigItem> from_config(std::istream& text) const override;

  // The common options and those of the chosen verb, each with its value; an option that has none
  // is left out.
  std::string to_config(const CLI::App* chosen, bool default_also, bool write_description,
                        std::string prefix) const override;

  // Whether the file named the option.
  [[nodiscard]] bool named(const CLI::Option* option) const { return named_.contains(option); }

 private:
  CLI::App& root_;
  std::vector<std::string> passed_over_;
  mutable std::set<const CLI::Option*> named_;  // CLI11 calls from_config as const
};

// An option's value as TOML writes it; empty for one that has none.
[[nodiscard]] std::string toml_value(const CLI::Option& option);

}  // namespace bloodcell::cli
