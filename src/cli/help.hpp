// --help: what, usage, the verb's options, the common ones that have an effect on it, examples.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <common_options.hpp>

namespace bloodcell::cli {

class HelpFormatter final : public CLI::Formatter {
 public:
  // Both outlive the formatter.
  HelpFormatter(const std::vector<PartOption>& parts, const UsesByVerb& uses);

  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_usage(const CLI::App* app, std::string name) const override;

 private:
  const std::vector<PartOption>& parts_;
  const UsesByVerb& uses_;
};

}  // namespace bloodcell::cli
