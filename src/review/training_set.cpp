#include <bloodcell/review/training_set.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>

#include <zip.h>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/unrepeatable.hpp>

namespace bloodcell::review {

namespace fs = std::filesystem;

namespace {

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};

tl::unexpected<Error> cannot_pack(std::string_view why) {
  return fail(ErrorCode::internal, fmt::format("cannot make the archive: {}", why));
}

// Reads a picture of the store when the archive comes to it, so that one at a time is in memory.
class LatePicture {
 public:
  LatePicture(const Store& store, std::string key, const Picture& picture)
      : store_(store), key_(std::move(key)), picture_(picture) {}

  static zip_int64_t answer(void* self, void* data, zip_uint64_t size, zip_source_cmd_t asked) {
    return static_cast<LatePicture*>(self)->answer(static_cast<std::byte*>(data), size, asked);
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  zip_int64_t answer(std::byte* data, zip_uint64_t size, zip_source_cmd_t asked) {
    switch (asked) {
      case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                              ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
                                              -1);
      case ZIP_SOURCE_OPEN: return open();
      case ZIP_SOURCE_READ: {
        const auto here = std::min<zip_uint64_t>(size, bytes_.size() - at_);
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), here, data);
        at_ += here;
        return static_cast<zip_int64_t>(here);
      }
      case ZIP_SOURCE_CLOSE: bytes_ = {}; return 0;
      case ZIP_SOURCE_STAT: {
        zip_stat_t stat;
        zip_stat_init(&stat);
        stat.valid = ZIP_STAT_SIZE;
        stat.size = picture_.bytes;
        std::memcpy(data, &stat, sizeof stat);
        return sizeof stat;
      }
      case ZIP_SOURCE_ERROR: {
        const std::array<int, 2> why{ZIP_ER_READ, 0};
        std::memcpy(data, why.data(), sizeof why);
        return sizeof why;
      }
      default: return 0;
    }
  }
  zip_int64_t open() {
    auto bytes = store_.bytes_of(key_, picture_.id);
    if (!bytes) {
      error_ = bytes.error();
      return -1;
    }
    bytes_ = std::move(*bytes);
    at_ = 0;
    return 0;
  }

  const Store& store_;
  const std::string key_;
  const Picture picture_;
  Bytes bytes_;
  std::size_t at_ = 0;
  std::optional<Error> error_;
};

// Pictures are compressed already: they are stored as they are. `source` becomes the archive's.
Result<void> put(zip_t* archive, const std::string& name, zip_source_t* source) {
  if (source == nullptr) return cannot_pack(zip_strerror(archive));
  const zip_int64_t index = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    return cannot_pack(zip_strerror(archive));
  }
  const auto at = static_cast<zip_uint64_t>(index);
  zip_set_file_compression(archive, at, ZIP_CM_STORE, 0);
  zip_file_set_mtime(archive, at, 315'532'800, 0);  // 1980, the oldest there is: no clock in it
  return {};
}

class RemovedFile {
 public:
  explicit RemovedFile(fs::path path) : path_(std::move(path)) {}
  RemovedFile(const RemovedFile&) = delete;
  RemovedFile& operator=(const RemovedFile&) = delete;
  ~RemovedFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

std::string file_of(std::string_view key, const Picture& picture) {
  return fmt::format("pictures/{}-{}.{}", key, picture.id, picture.type);
}

Result<TrainingSet> training_set_of(const Case& reviewed, Taken taken) {
  const std::string& key = reviewed.summary.key;
  if (!reviewed.summary.is_signed) {
    return fail(ErrorCode::mismatch, "the case is not signed", {},
                "sign it first: a model should learn what somebody stands for");
  }
  std::map<std::int64_t, const Picture*> pictures;
  for (const Picture& picture : reviewed.pictures) pictures[picture.id] = &picture;
  TrainingSet set;
  set.manifest = csv_row(
      std::vector<std::string>{"file", "label", "family", "source", "x", "y", "width", "height"});
  std::map<std::int64_t, const Picture*> named;
  for (const Cell& cell : reviewed.cells) {
    const bool has_class = cell.name != kUnidentified && cell.name != kNoCell;
    if (!has_class || (taken == Taken::corrected && cell.name == cell.said)) continue;
    const Picture& picture = *pictures.at(cell.picture);
    named[picture.id] = &picture;
    set.manifest += csv_row(
        std::vector<std::string>{file_of(key, picture), cell.name, "case-" + key, "review",
                                 std::to_string(cell.box.x), std::to_string(cell.box.y),
                                 std::to_string(cell.box.width), std::to_string(cell.box.height)});
    ++set.cells;
  }
  for (const auto& [id, picture] : named) set.pictures.push_back(*picture);
  return set;
}

Result<std::string> archive_of(const Store& store, const Case& reviewed, Taken taken) {
  const std::string& key = reviewed.summary.key;
  BC_ASSIGN(const auto set, training_set_of(reviewed, taken));
  const RemovedFile file(store.folder() / fmt::format(".export-{}.zip", random_name(8)));
  int code = 0;
  std::unique_ptr<zip_t, Discard> archive(
      zip_open(file.path().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
  if (!archive) return cannot_pack(fmt::format("libzip says {}", code));
  BC_CHECK(put(archive.get(), "manifest.csv",
               zip_source_buffer(archive.get(), set.manifest.data(), set.manifest.size(), 0)));
  std::vector<std::unique_ptr<LatePicture>> pictures;  // outlive the archive's closing
  std::uint64_t most = set.manifest.size() + 4096;
  for (const Picture& picture : set.pictures) {
    pictures.push_back(std::make_unique<LatePicture>(store, key, picture));
    BC_CHECK(put(archive.get(), file_of(key, picture),
                 zip_source_function(archive.get(), LatePicture::answer, pictures.back().get())));
    most += picture.bytes + 4096;
  }
  if (zip_close(archive.get()) != 0) {
    for (const auto& picture : pictures) {
      if (picture->error()) return tl::unexpected(*picture->error());
    }
    return cannot_pack(zip_strerror(archive.get()));
  }
  static_cast<void>(archive.release());
  return read_text(file.path(), most);
}

}  // namespace bloodcell::review
