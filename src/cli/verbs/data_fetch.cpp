#include <filesystem>
#include <memory>

#include <answer.hpp>
#include <embedded.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/table.hpp>
#include <bloodcell/fetch/registry.hpp>
#include <verbs/data.hpp>

namespace bloodcell::cli {

namespace {

namespace fs = std::filesystem;

struct FetchOptions {
  std::string name;
  std::string output;
  std::string registry;
  fetch::DownloadLimits limits;
};

Result<std::vector<fetch::RegistryEntry>> read_registry(const Job& job, const std::string& file) {
  if (file.empty()) return fetch::registry_from_json_text(embedded::sets_registry());
  BC_ASSIGN(const std::string text, read_text(file, job.context.limits.max_json_bytes));
  auto registry = fetch::registry_from_json_text(text);
  if (!registry) return tl::unexpected(with_path(registry.error(), file));
  return registry;
}

nlohmann::ordered_json to_json(const fetch::RegistryEntry& entry) {
  return {{"name", entry.name},          {"what", entry.what}, {"licence", entry.licence},
          {"citation", entry.citation},  {"page", entry.page}, {"files", entry.files.size()},
          {"bytes", entry.known_bytes()}};
}

std::string size_text(std::uint64_t bytes) {
  return bytes == 0 ? "not stated" : fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

int list(const Job& job, const std::vector<fetch::RegistryEntry>& registry) {
  if (job.json) {
    auto sets = nlohmann::ordered_json::array();
    for (const auto& entry : registry) sets.push_back(to_json(entry));
    job.terminal.out << to_text(nlohmann::ordered_json{{"sets", sets}});
    return 0;
  }
  Table table({"name", ">files", ">size", "licence", "what"});
  for (const auto& entry : registry) {
    table.row({entry.name, with_commas(static_cast<std::int64_t>(entry.files.size())),
               size_text(entry.known_bytes()), entry.licence, entry.what});
  }
  table.print(job.terminal.out);
  return 0;
}

std::string with_folder(std::string command, const std::string& folder) {
  constexpr std::string_view kPlace = "FOLDER";
  for (std::size_t at = command.find(kPlace); at != std::string::npos;
       at = command.find(kPlace, at + folder.size())) {
    command.replace(at, kPlace.size(), folder);
  }
  return command;
}

Result<int> run_fetch(const Job& job, const FetchOptions& options) {
  BC_ASSIGN(const auto registry, read_registry(job, options.registry));
  if (options.name.empty()) return list(job, registry);
  BC_ASSIGN(const auto entry, fetch::find_entry(registry, options.name));
  const std::string folder = options.output.empty() ? entry.name : options.output;
  job.terminal.err << fmt::format("{}: {}\n  licence:  {}\n  cite:     {}\n  from:     {}\n",
                                  entry.name, entry.what, entry.licence, entry.citation,
                                  entry.page);
  BC_ASSIGN(const auto done, fetch::fetch_entry(job.context, entry, folder, options.limits));
  if (job.json) {
    auto document = to_json(entry);
    document["bytes"] = done.bytes;
    document["were_there"] = done.were_there;
    document["folder"] = folder;
    job.terminal.out << to_text(document);
    return 0;
  }
  job.terminal.out << fmt::format("{} files, {} -> {}\n",
                                  with_commas(static_cast<std::int64_t>(done.files)),
                                  size_text(done.bytes), folder);
  if (!entry.next.empty()) {
    job.terminal.out << fmt::format("next: {}\n", with_folder(entry.next, folder));
  }
  return 0;
}

Action set_up_fetch(CLI::App& command) {
  auto options = std::make_shared<FetchOptions>();
  command.add_option("name", options->name, "set to fetch; without it the sets are listed");
  command.add_option("-o,--output", options->output, "folder to fetch into; else the set's name")
      ->type_name("FOLDER");
  command.add_option("--registry", options->registry, "JSON list of sets in place of our own")
      ->type_name("FILE");
  command.add_option("--max-bytes", options->limits.max_bytes, "of all files of the set");
  return [options](const Job& job) { return run_fetch(job, *options); };
}

}  // namespace

Verb data_fetch_verb() {
  return {"fetch", "Download a public set: checked, resumed, with its licence",
          "  bloodcell data fetch\n"
          "  bloodcell data fetch bccd -o bccd/\n"
          "  bloodcell data fetch cells --registry our-sets.json -o cells/",
          set_up_fetch, Uses::json};
}

}  // namespace bloodcell::cli
