#include <common_options.hpp>

#include <algorithm>

namespace bloodcell::cli {

std::vector<PartOption> add_common_options(CLI::App& root, CommonOptions& options) {
  constexpr unsigned kMostThreads = 1024;
  const auto positive = CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 62);

  root.set_config("--config", "", "options from a TOML file; the command line wins")
      ->type_name("FILE");
  root.add_flag("--print-config", options.print_config,
                "print all options as TOML, to be fed back by --config, and end")
      ->configurable(false);
  const auto* quiet = root.add_flag("-q,--quiet", options.quiet, "errors only, no progress");
  root.add_flag("-v,--verbose", options.verbose, "say more of what is done")
      ->excludes(const_cast<CLI::Option*>(quiet));
  root.add_option("--colour", options.colour, "colours; auto: on a terminal, unless NO_COLOR")
      ->check(CLI::IsMember({"auto", "always", "never"}));

  std::vector<PartOption> parts;
  parts.push_back({root.add_flag("--json", options.json, "one JSON document, nothing else"),
                   Uses::json, "there is no JSON of this"});
  parts.push_back({root.add_option("-j,--threads", options.threads, "processors to use")
                       ->check(CLI::Range(1U, kMostThreads)),
                   Uses::threads, "one thread does it all"});
  parts.push_back(
      {root.add_option("--max-file-bytes", options.limits.max_file_bytes, "refuse larger files")
           ->check(positive),
       Uses::files, "no file is read here"});
  parts.push_back(
      {root.add_option("--max-pixels", options.limits.max_pixels, "refuse larger pictures")
           ->check(positive),
       Uses::pictures, "no picture is decoded here"});
  parts.push_back(
      {root.add_option("--max-files", options.limits.max_files, "refuse longer lists and folders")
           ->check(positive),
       Uses::lists, "no folder is walked here"});
  return parts;
}

std::vector<const CLI::Option*> common_options_for(const CLI::App& verb,
                                                   const std::vector<PartOption>& parts,
                                                   const UsesByVerb& uses) {
  const CLI::App* root = &verb;
  while (root->get_parent() != nullptr) root = root->get_parent();
  const auto used = uses.find(&verb);
  return root->get_options([&](const CLI::Option* option) {
    if (option == root->get_help_ptr() || option == root->get_version_ptr()) return false;
    const auto part = std::find_if(parts.begin(), parts.end(),
                                   [&](const PartOption& p) { return p.option == option; });
    return part == parts.end() || (used != uses.end() && has(used->second, part->part));
  });
}

}  // namespace bloodcell::cli
