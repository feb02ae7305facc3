// What kind of value an option takes, read from CLI11's tree: for help, configuration files and
// completion alike.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace bloodcell::cli {

enum class ValueKind { flag, whole_number, number, text, path, other };

struct OptionValue {
  ValueKind kind = ValueKind::text;
  std::string name;                  // `FILE`, `INT`
  std::vector<std::string> choices;  // the only values there are; empty: any
  bool several = false;
};

[[nodiscard]] OptionValue value_of(const CLI::Option& option);

// Without dashes: the long name, or the positional's. Empty for an option that only has a short
// one.
[[nodiscard]] std::string key_of(const CLI::Option& option);

// The options a configuration file may set, in the order they were added.
[[nodiscard]] std::vector<CLI::Option*> configurable_options(CLI::App& app);

[[nodiscard]] std::vector<const CLI::App*> nested_of(const CLI::App& app);

// The names below a node of the tree.
[[nodiscard]] std::vector<std::string> verb_names(const CLI::App& app);

// `bloodcell data split`
[[nodiscard]] std::string spoken_name(const CLI::App& app);

}  // namespace bloodcell::cli
