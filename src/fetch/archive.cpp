#include <bloodcell/fetch/archive.hpp>

#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <zip.h>

#include <bloodcell/base/names.hpp>

namespace bloodcell::fetch {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPieceBytes = 1 << 16;
constexpr std::uint64_t kSmallBytes = 1 << 20;

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct Close {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

struct Entry {
  zip_uint64_t number = 0;
  std::string name;  // relative, in one spelling
  std::uint64_t bytes = 0;
};

// Removed with the object unless it was moved away.
class HalfFolder {
 public:
  explicit HalfFolder(fs::path path) : path_(std::move(path)) {}
  HalfFolder(const HalfFolder&) = delete;
  HalfFolder& operator=(const HalfFolder&) = delete;
  ~HalfFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

bool is_link(zip_t* archive, zip_uint64_t number) {
  zip_uint8_t system = 0;
  zip_uint32_t attributes = 0;
  if (zip_file_get_external_attributes(archive, number, 0, &system, &attributes) != 0) return false;
  return system == ZIP_OPSYS_UNIX && S_ISLNK(attributes >> 16);
}

// All that is to be written, judged before anything is.
class Judge {
 public:
  Judge(zip_t* archive, const ArchiveLimits& limits) : archive_(archive), limits_(limits) {}

  Result<std::vector<Entry>> all() {
    const zip_int64_t count = zip_get_num_entries(archive_, 0);
    if (static_cast<std::uint64_t>(count) > limits_.max_entries) {
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("more than {} files", limits_.max_entries));
    }
    std::vector<Entry> entries;
    for (zip_int64_t i = 0; i < count; ++i) {
      BC_ASSIGN(Entry entry, one(static_cast<zip_uint64_t>(i)));
      if (!entry.name.empty()) entries.push_back(std::move(entry));
    }
    return entries;
  }

 private:
  // An empty name: a folder.
  Result<Entry> one(zip_uint64_t number) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
    if (zip_stat_index(archive_, number, 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded) {
      return fail(ErrorCode::malformed, fmt::format("entry {} is damaged", number + 1));
    }
    std::string published = stat.name;
    const bool is_folder = published.ends_with('/');
    if (is_folder) published.pop_back();
    auto name = relative_file(published);
    if (!name) return tl::unexpected(std::move(name).error());
    const auto wrong = [&](ErrorCode code, std::string_view what) {
      return fail(code, fmt::format("`{}` {}", *name, what));
    };
    if (name->find('\\') != std::string::npos) return wrong(ErrorCode::malformed, "holds a `\\`");
    if (is_link(archive_, number)) return wrong(ErrorCode::malformed, "is a link");
    if (is_folder) return Entry{};
    if (!names_.insert(*name).second) return wrong(ErrorCode::malformed, "stands twice in it");
    if (stat.size > kSmallBytes && stat.size / limits_.max_ratio > stat.comp_size) {
      return wrong(ErrorCode::limit_exceeded,
                   fmt::format("grows to more than {} times its size", limits_.max_ratio));
    }
    if (stat.size > limits_.max_bytes - bytes_) {
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("unpacks to more than {} bytes", limits_.max_bytes));
    }
    bytes_ += stat.size;
    return Entry{number, std::move(*name), stat.size};
  }

  zip_t* archive_;
  const ArchiveLimits& limits_;
  std::set<std::string> names_;
  std::uint64_t bytes_ = 0;
};

Result<void> unpack_entry(zip_t* archive, const Entry& entry, const fs::path& path) {
  const auto wrong = [&](ErrorCode code, std::string_view what, std::string remedy = {}) {
    return fail(code, fmt::format("`{}` {}", entry.name, what), {}, std::move(remedy));
  };
  const std::unique_ptr<zip_file_t, Close> packed(zip_fopen_index(archive, entry.number, 0));
  if (!packed) {
    const bool is_locked = zip_error_code_zip(zip_get_error(archive)) == ZIP_ER_NOPASSWD;
    return is_locked ? wrong(ErrorCode::unsupported, "is encrypted")
                     : wrong(ErrorCode::malformed, "is damaged", "fetch it again");
  }
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  std::vector<char> piece(kPieceBytes);
  std::uint64_t left = entry.bytes;
  while (true) {
    const zip_int64_t got = zip_fread(packed.get(), piece.data(), piece.size());
    if (got < 0 || static_cast<std::uint64_t>(got) > left) {
      return wrong(ErrorCode::malformed, "is damaged", "fetch it again");
    }
    if (got == 0) break;
    file.write(piece.data(), static_cast<std::streamsize>(got));
    left -= static_cast<std::uint64_t>(got);
  }
  if (left > 0) return wrong(ErrorCode::malformed, "ends early", "fetch it again");
  file.close();
  if (error || !file) {
    return wrong(ErrorCode::unreadable, "cannot be written", "free some disk space");
  }
  return {};
}

Result<Unpacked> unpack_all(const Context& context, zip_t* archive, const fs::path& folder,
                            const ArchiveLimits& limits) {
  BC_ASSIGN(const auto entries, Judge(archive, limits).all());
  Unpacked unpacked;
  for (const Entry& entry : entries) {
    BC_CHECK(context.cancellation.check());
    BC_CHECK(unpack_entry(archive, entry, folder / entry.name));
    unpacked.bytes += entry.bytes;
    ++unpacked.files;
    context.progress.update({"unpacking", unpacked.files, entries.size(), "files", {}});
  }
  return unpacked;
}

}  // namespace

Result<Unpacked> unpack_zip(const Context& context, const fs::path& archive, const fs::path& folder,
                            const ArchiveLimits& limits) {
  std::error_code error;
  if (fs::exists(folder, error)) {
    return fail(ErrorCode::usage, "the archive would be unpacked there, but it exists",
                folder.string(), "move it away");
  }
  const Archive zip(zip_open(archive.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, nullptr));
  if (!zip) {
    return fail(ErrorCode::malformed, "not a whole ZIP archive", archive.string(),
                "fetch it again");
  }
  fs::path beside = folder;
  beside += ".unpacking";
  const HalfFolder half(beside);
  fs::remove_all(half.path(), error);
  fs::create_directories(half.path(), error);
  if (error) return fail(ErrorCode::unreadable, "cannot make the folder", beside.string());
  auto unpacked = unpack_all(context, zip.get(), half.path(), limits);
  if (!unpacked) return tl::unexpected(with_path(unpacked.error(), archive.string()));
  fs::rename(half.path(), folder, error);
  if (error) return fail(ErrorCode::unreadable, "cannot rename into place", folder.string());
  return unpacked;
}

}  // namespace bloodcell::fetch
