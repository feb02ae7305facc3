#include <bloodcell/fetch/registry.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <bloodcell/base/names.hpp>

namespace bloodcell::fetch {

namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr std::size_t kMaxEntries = 10'000;
constexpr std::size_t kMaxFiles = 1'000'000;

// One object with the words for what is wrong in it.
class ObjectReader {
 public:
  ObjectReader(const json& object, std::string where) : object_(object), where_(std::move(where)) {}

  [[nodiscard]] tl::unexpected<Error> wrong(std::string_view what) const {
    return fail(ErrorCode::malformed, fmt::format("{}: {}", where_, what));
  }

  template <std::size_t N>
  [[nodiscard]] Result<void> check_fields(const std::array<std::string_view, N>& fields) const {
    if (!object_.is_object()) return wrong("not an object");
    for (const auto& item : object_.items()) {
      if (std::find(fields.begin(), fields.end(), item.key()) == fields.end()) {
        return wrong(
            fmt::format("`{}` is no field of it", is_clean_name(item.key()) ? item.key() : "?"));
      }
    }
    return {};
  }

  // Empty when it may be missing and is.
  [[nodiscard]] Result<std::string> text(std::string_view field, bool is_needed) const {
    const auto found = object_.find(field);
    if (found == object_.end()) {
      if (is_needed) return wrong(fmt::format("`{}` is missing", field));
      return std::string();
    }
    if (!found->is_string() || !is_clean_name(found->get_ref<const std::string&>())) {
      return wrong(fmt::format("`{}` is not a line of text", field));
    }
    return found->get<std::string>();
  }

  [[nodiscard]] Result<std::uint64_t> bytes() const {
    const auto found = object_.find("bytes");
    if (found == object_.end()) return 0;
    if (!found->is_number_unsigned()) return wrong("`bytes` is not a whole number from 0");
    return found->get<std::uint64_t>();
  }

  [[nodiscard]] Result<const json*> list(std::string_view field, std::size_t most) const {
    const auto found = object_.find(field);
    if (found == object_.end() || !found->is_array() || found->empty() || found->size() > most) {
      return wrong(fmt::format("`{}` is not a list of 1 to {}", field, most));
    }
    return &*found;
  }

 private:
  const json& object_;
  std::string where_;
};

Result<Checksum> read_checksum(const ObjectReader& reader) {
  BC_ASSIGN(std::string sha256, reader.text("sha256", false));
  BC_ASSIGN(std::string md5, reader.text("md5", false));
  if (sha256.empty() == md5.empty()) {
    return reader.wrong("it needs one checksum, `sha256` or `md5`");
  }
  Checksum checksum{sha256.empty() ? Digest::md5 : Digest::sha256,
                    sha256.empty() ? std::move(md5) : std::move(sha256)};
  const std::size_t digits = checksum.digest == Digest::md5 ? 32 : 64;
  if (checksum.hex.size() != digits ||
      checksum.hex.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return reader.wrong(
        fmt::format("its checksum is not {} lower-case hexadecimal digits", digits));
  }
  return checksum;
}

Result<RegistryFile> read_file_entry(const json& object, const std::string& base,
                                     const std::string& where) {
  static constexpr std::array<std::string_view, 6> kFields{"bytes",  "file",   "md5",
                                                           "sha256", "unpack", "url"};
  const ObjectReader reader(object, where);
  BC_CHECK(reader.check_fields(kFields));
  RegistryFile file;
  BC_ASSIGN(const std::string place, reader.text("file", true));
  BC_ASSIGN(file.url, reader.text("url", base.empty()));
  if (file.url.empty()) file.url = base + place;
  BC_ASSIGN(file.checksum, read_checksum(reader));
  BC_ASSIGN(file.bytes, reader.bytes());
  BC_ASSIGN(const std::string unpack, reader.text("unpack", false));
  for (const auto& [published, kept] :
       {std::pair{&place, &file.file}, std::pair{&unpack, &file.unpack}}) {
    if (published->empty()) continue;
    auto relative = relative_file(*published);
    if (!relative) return reader.wrong(relative.error().message);
    *kept = std::move(*relative);
  }
  return file;
}

Result<RegistryEntry> read_entry(const json& object, std::size_t number) {
  static constexpr std::array<std::string_view, 8> kFields{"base", "citation", "files", "licence",
                                                           "name", "next",     "page",  "what"};
  const ObjectReader unnamed(object, fmt::format("entry {}", number));
  BC_CHECK(unnamed.check_fields(kFields));
  RegistryEntry entry;
  BC_ASSIGN(entry.name, unnamed.text("name", true));
  const ObjectReader reader(object, fmt::format("entry `{}`", entry.name));
  BC_ASSIGN(entry.what, reader.text("what", true));
  BC_ASSIGN(entry.licence, reader.text("licence", true));
  BC_ASSIGN(entry.citation, reader.text("citation", true));
  BC_ASSIGN(entry.page, reader.text("page", true));
  BC_ASSIGN(entry.next, reader.text("next", false));
  BC_ASSIGN(const std::string base, reader.text("base", false));
  BC_ASSIGN(const json* files, reader.list("files", kMaxFiles));
  std::set<std::string> places{"SOURCE.json"};
  for (const json& file : *files) {
    const std::string where =
        fmt::format("entry `{}`, file {}", entry.name, entry.files.size() + 1);
    BC_ASSIGN(RegistryFile read, read_file_entry(file, base, where));
    for (const std::string& place : {read.file, read.unpack}) {
      if (!place.empty() && !places.insert(place).second) {
        return reader.wrong(fmt::format("`{}` is taken already", place));
      }
    }
    entry.files.push_back(std::move(read));
  }
  return entry;
}

}  // namespace

std::uint64_t RegistryEntry::known_bytes() const {
  std::uint64_t sum = 0;
  for (const RegistryFile& file : files) {
    if (__builtin_add_overflow(sum, file.bytes, &sum)) return UINT64_MAX;
  }
  return sum;
}

Result<std::vector<RegistryEntry>> registry_from_json_text(std::string_view text) {
  static constexpr std::array<std::string_view, 2> kFields{"entries", "format"};
  const json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return fail(ErrorCode::malformed, "not JSON");
  const ObjectReader reader(document, "registry");
  BC_CHECK(reader.check_fields(kFields));
  const auto format = document.find("format");
  if (format == document.end() || !format->is_number_integer()) {
    return reader.wrong("`format` is missing");
  }
  if (*format != kFormat) {
    return fail(ErrorCode::unsupported, fmt::format("registry: its format is not {}", kFormat), {},
                "use a newer version of this program");
  }
  BC_ASSIGN(const json* entries, reader.list("entries", kMaxEntries));
  std::vector<RegistryEntry> registry;
  std::set<std::string> names;
  for (const json& object : *entries) {
    BC_ASSIGN(RegistryEntry entry, read_entry(object, registry.size() + 1));
    if (!names.insert(entry.name).second) {
      return reader.wrong(fmt::format("the name `{}` stands twice", entry.name));
    }
    registry.push_back(std::move(entry));
  }
  return registry;
}

Result<RegistryEntry> find_entry(const std::vector<RegistryEntry>& registry,
                                 std::string_view name) {
  std::vector<std::string_view> names;
  for (const RegistryEntry& entry : registry) {
    if (entry.name == name) return entry;
    names.push_back(entry.name);
  }
  return fail(ErrorCode::not_found, fmt::format("nothing is called `{}`", name), {},
              fmt::format("name one of {}", fmt::join(names, ", ")));
}

}  // namespace bloodcell::fetch
