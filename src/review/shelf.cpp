#include "shelf.hpp"

#include <algorithm>
#include <set>

#include <bloodcell/base/hash.hpp>

namespace bloodcell::review {

namespace fs = std::filesystem;

namespace {

bool is_key(std::string_view name) {
  return name.size() == 12 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// `12.png`, and `.12.png.….part`, which a kill leaves.
bool is_ours(std::string_view name) {
  if (name.starts_with('.') && name.ends_with(".part")) name.remove_prefix(1);
  const auto digits = name.find_first_not_of("0123456789");
  return digits != 0 && digits != std::string_view::npos && name[digits] == '.';
}

Result<std::set<fs::path>> known_files(Database& database, const Shelf& shelf) {
  BC_ASSIGN(auto row, database.prepare("SELECT key, picture_id, type FROM pictures JOIN cases "
                                       "USING (case_id) WHERE is_kept = 1"));
  std::set<fs::path> known;
  while (true) {
    BC_ASSIGN(const bool has_row, row.next());
    if (!has_row) return known;
    Picture picture;
    picture.id = row.integer(1);
    picture.type = row.text(2);
    known.insert(shelf.file_of(row.text(0), picture));
  }
}

}  // namespace

fs::path Shelf::file_of(std::string_view key, const Picture& picture) const {
  return folder_ / key / fmt::format("{}.{}", picture.id, picture.type);
}

Result<void> Shelf::put(std::string_view key, const Picture& picture,
                        std::string_view bytes) const {
  return write_file(file_of(key, picture), as_bytes_of(bytes));
}

Result<Bytes> Shelf::get(std::string_view key, const Picture& picture) const {
  const fs::path file = file_of(key, picture);
  BC_ASSIGN(auto bytes, read_file(file, picture.bytes));
  if (sha256(bytes) == picture.sha256) return bytes;
  return fail(ErrorCode::mismatch, "the picture is not the one that was reviewed", file.string(),
              "bring it back from a copy of the folder");
}

void Shelf::remove(std::string_view key, const Picture& picture) const {
  std::error_code ignored;
  fs::remove(file_of(key, picture), ignored);
}

Result<void> Shelf::sweep(Database& database) const {
  BC_ASSIGN(const auto known, known_files(database, *this));
  std::error_code error;
  std::vector<fs::path> strays;
  for (fs::directory_iterator cases(folder_, error), end; !error && cases != end;
       cases.increment(error)) {
    if (!cases->is_directory(error) || !is_key(cases->path().filename().string())) continue;
    for (fs::directory_iterator at(cases->path(), error); !error && at != end;
         at.increment(error)) {
      const bool is_stray = is_ours(at->path().filename().string()) && !known.contains(at->path());
      if (is_stray && at->is_regular_file(error)) strays.push_back(at->path());
    }
  }
  if (error) return fail(ErrorCode::unreadable, error.message(), folder_.string());
  for (const fs::path& stray : strays) fs::remove(stray, error);
  return {};
}

}  // namespace bloodcell::review
