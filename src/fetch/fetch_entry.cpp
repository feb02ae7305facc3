#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/fetch/archive.hpp>
#include <bloodcell/fetch/registry.hpp>

namespace bloodcell::fetch {

namespace fs = std::filesystem;

namespace {

using nlohmann::ordered_json;

std::string source_text(const RegistryEntry& entry) {
  auto files = ordered_json::array();
  for (const RegistryFile& file : entry.files) {
    const char* digest = file.checksum.digest == Digest::md5 ? "md5" : "sha256";
    files.push_back({{"file", file.file}, {"url", file.url}, {digest, file.checksum.hex}});
  }
  const ordered_json document{{"format", 1},
                              {"name", entry.name},
                              {"what", entry.what},
                              {"licence", entry.licence},
                              {"citation", entry.citation},
                              {"page", entry.page},
                              {"files", files}};
  return document.dump(2) + "\n";
}

Result<Fetched> fetch_files(const Context& context, const RegistryEntry& entry,
                            const fs::path& folder, const DownloadLimits& limits) {
  DownloadStep step{"fetching " + entry.name, 0, entry.known_bytes()};
  Fetched fetched;
  for (const RegistryFile& file : entry.files) {
    const fs::path place = folder / file.file;
    BC_ASSIGN(const Downloaded done,
              download(context, {file.url, place, file.checksum, file.bytes}, limits, step));
    ++fetched.files;
    fetched.were_there += done.was_there ? 1 : 0;
    fetched.bytes += done.bytes;
    step.before = fetched.bytes;
  }
  for (const RegistryFile& file : entry.files) {
    std::error_code error;
    if (file.unpack.empty() || fs::exists(folder / file.unpack, error)) continue;
    BC_CHECK(unpack_zip(context, folder / file.file, folder / file.unpack));
  }
  return fetched;
}

}  // namespace

Result<Fetched> fetch_entry(const Context& context, const RegistryEntry& entry,
                            const fs::path& folder, const DownloadLimits& limits) {
  if (entry.known_bytes() > limits.max_bytes) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("`{}` has {} bytes, more than the limit of {}", entry.name,
                            entry.known_bytes(), limits.max_bytes),
                {}, "raise --max-bytes");
  }
  auto fetched = fetch_files(context, entry, folder, limits);
  context.progress.finish();
  if (!fetched) return fetched;
  BC_CHECK(write_text(folder / "SOURCE.json", source_text(entry)));
  return fetched;
}

}  // namespace bloodcell::fetch
