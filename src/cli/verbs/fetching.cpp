#include <filesystem>
#include <memory>

#include <answer.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/table.hpp>
#include <bloodcell/fetch/registry.hpp>
#include <verbs/fetching.hpp>

namespace bloodcell::cli {

namespace {

namespace fs = std::filesystem;

struct FetchOptions {
  FetchList list;
  std::string name;
  std::string output;
  std::string registry;
  fetch::DownloadLimits limits;
};

Result<std::vector<fetch::RegistryEntry>> read_registry(const Job& job,
                                                        const FetchOptions& options) {
  if (options.registry.empty()) return fetch::registry_from_json_text(options.list.text);
  BC_ASSIGN(const std::string text, read_text(options.registry, job.context.limits.max_json_bytes));
  auto registry = fetch::registry_from_json_text(text);
  if (!registry) return tl::unexpected(with_path(registry.error(), options.registry));
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

int list(const Job& job, const std::vector<fetch::RegistryEntry>& registry, const char* kind) {
  if (job.json) {
    auto entries = nlohmann::ordered_json::array();
    for (const auto& entry : registry) entries.push_back(to_json(entry));
    job.terminal.out << to_text(nlohmann::ordered_json{{kind, entries}});
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
  BC_ASSIGN(const auto registry, read_registry(job, options));
  if (options.name.empty()) return list(job, registry, options.list.kind);
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

}  // namespace

Action set_up_fetching(CLI::App& command, const FetchList& list) {
  auto options = std::make_shared<FetchOptions>();
  options->list = list;
  command.add_option("name", options->name, list.name_help);
  command.add_option("-o,--output", options->output, "folder to fetch into; else that name")
      ->type_name("FOLDER");
  command.add_option("--registry", options->registry, "JSON list in place of our own")
      ->type_name("FILE");
  command.add_option("--max-bytes", options->limits.max_bytes, "of all files together");
  return [options](const Job& job) { return run_fetch(job, *options); };
}

}  // namespace bloodcell::cli
