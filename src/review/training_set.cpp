#include <bloodcell/review/training_set.hpp>

#include <map>
#include <memory>

#include <zip.h>

#include <bloodcell/base/csv.hpp>

namespace bloodcell::review {

namespace fs = std::filesystem;

namespace {

struct CloseSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};

tl::unexpected<Error> cannot_pack(std::string_view why) {
  return fail(ErrorCode::internal, fmt::format("cannot make the archive: {}", why));
}

// Pictures are compressed already: they are stored as they are. `content` outlives the archive.
Result<void> put(zip_t* archive, const std::string& name, std::span<const std::byte> content) {
  zip_source_t* source = zip_source_buffer(archive, content.data(), content.size(), 0);
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
  BC_ASSIGN(const auto set, training_set_of(reviewed, taken));
  std::vector<Bytes> contents;
  for (const Picture& picture : set.pictures) {
    BC_ASSIGN(auto bytes, store.bytes_of(reviewed.summary.key, picture.id));
    contents.push_back(std::move(bytes));
  }
  zip_error_t error;
  zip_error_init(&error);
  // Kept beyond the archive, which writes into it as it closes.
  const std::unique_ptr<zip_source_t, CloseSource> target(
      zip_source_buffer_create(nullptr, 0, 0, &error));
  if (!target) return cannot_pack(zip_error_strerror(&error));
  zip_source_keep(target.get());
  std::unique_ptr<zip_t, Discard> archive(zip_open_from_source(target.get(), ZIP_TRUNCATE, &error));
  if (!archive) {
    zip_source_free(target.get());
    return cannot_pack(zip_error_strerror(&error));
  }
  BC_CHECK(put(archive.get(), "manifest.csv", as_bytes_of(set.manifest)));
  for (std::size_t i = 0; i < contents.size(); ++i) {
    BC_CHECK(put(archive.get(), file_of(reviewed.summary.key, set.pictures[i]), contents[i]));
  }
  if (zip_close(archive.get()) != 0) return cannot_pack(zip_strerror(archive.get()));
  static_cast<void>(archive.release());
  if (zip_source_open(target.get()) != 0) return cannot_pack("it cannot be read again");
  zip_stat_t stat;
  zip_stat_init(&stat);
  std::string packed;
  if (zip_source_stat(target.get(), &stat) == 0) packed.resize(stat.size);
  const zip_int64_t read = zip_source_read(target.get(), packed.data(), packed.size());
  zip_source_close(target.get());
  if (packed.empty() || read != static_cast<zip_int64_t>(packed.size())) {
    return cannot_pack("it cannot be read again");
  }
  return packed;
}

}  // namespace bloodcell::review
