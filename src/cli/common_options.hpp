// The options that every verb shares, once, at the root of the tree.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/cli/application.hpp>

namespace bloodcell::cli {

struct CommonOptions {
  bool print_config = false;
  bool quiet = false;
  bool verbose = false;
  std::string colour = "auto";
  bool json = false;
  unsigned threads = available_processors();
  Limits limits;
};

// One of the options that not every verb uses.
struct PartOption {
  const CLI::Option* option = nullptr;
  Uses part = Uses::nothing;
  std::string why_not;  // `no pictures are decoded here`
};

using UsesByVerb = std::map<const CLI::App*, Uses>;

// `options` outlives `root`. Returns the options that belong to a part.
[[nodiscard]] std::vector<PartOption> add_common_options(CLI::App& root, CommonOptions& options);

// Those that have an effect on the verb, --help and --version aside.
[[nodiscard]] std::vector<const CLI::Option*> common_options_for(
    const CLI::App& verb, const std::vector<PartOption>& parts, const UsesByVerb& uses);

}  // namespace bloodcell::cli
