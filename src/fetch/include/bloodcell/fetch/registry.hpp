// What can be fetched by name: a JSON list of entries, each with its files, their checksums and the
// terms they are published under. The format stands in docs/data.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/fetch/download.hpp>

namespace bloodcell::fetch {

struct RegistryFile {
  std::string file;  // below the folder it is fetched into
  std::string url;
  Checksum checksum;
  std::uint64_t bytes = 0;  // 0: not known
  std::string unpack;       // a ZIP: the folder below that of the entry; empty: left as it is
};

struct RegistryEntry {
  std::string name;
  std::string what;  // one line
  std::string licence;
  std::string citation;
  std::string page;  // where it is published
  std::string next;  // a command that makes use of it; may be empty
  std::vector<RegistryFile> files;

  [[nodiscard]] std::uint64_t known_bytes() const;  // of the files whose size is known
};

// Strict: a field that is missing or unknown, a file without a checksum, a place outside the
// folder, a name or place twice is malformed, naming the entry; another format is unsupported.
[[nodiscard]] Result<std::vector<RegistryEntry>> registry_from_json_text(std::string_view text);

// Errors: not_found, with the names there are.
[[nodiscard]] Result<RegistryEntry> find_entry(const std::vector<RegistryEntry>& registry,
                                               std::string_view name);

struct Fetched {
  std::size_t files = 0;
  std::size_t were_there = 0;
  std::uint64_t bytes = 0;  // of all files
};

// All files of an entry into `folder`, archives unpacked (an unpacked folder that is there is left
// as it is), and SOURCE.json beside them: where they came from and their terms. What is there
// already is checked and kept, so a call after a failure goes on. Calls context.progress.finish().
// Errors: as download() and unpack_zip(); limit_exceeded when all files together pass
// limits.max_bytes.
[[nodiscard]] Result<Fetched> fetch_entry(const Context& context, const RegistryEntry& entry,
                                          const std::filesystem::path& folder,
                                          const DownloadLimits& limits = {});

}  // namespace bloodcell::fetch
