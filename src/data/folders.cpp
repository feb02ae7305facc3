#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/names.hpp>
#include <bloodcell/image/decode.hpp>

#include "listing.hpp"

namespace bloodcell::data {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 3> kKaggleParts{"TEST", "TEST_SIMPLE", "TRAIN"};

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool holds_kaggle_parts(const fs::path& folder) {
  return std::any_of(kKaggleParts.begin(), kKaggleParts.end(),
                     [&](auto part) { return is_folder(folder / part); });
}

// Files that lie beside pictures in published sets and are no loss when passed over.
bool is_plainly_not_a_picture(const fs::path& file) {
  static constexpr std::array<std::string_view, 16> kEndings{
      ".csv", ".tsv",  ".txt", ".md",  ".rst",  ".json", ".xml",    ".html",
      ".pdf", ".yaml", ".yml", ".ini", ".toml", ".py",   ".sha256", ".db"};
  static constexpr std::array<std::string_view, 6> kNames{"readme",  "license",    "licence",
                                                          "copying", "sha256sums", "md5sums"};
  const auto lower = [](std::string text) {
    for (char& c : text) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
  };
  const std::string ending = lower(file.extension().string());
  const std::string name = lower(file.filename().string());
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end() ||
         std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    if (is_folder(at->path()) && !at->path().filename().string().starts_with('.')) {
      found.push_back(at->path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

// Sorts the files of one walk into samples and problems. A picture's class is the folder at depth
// `label_depth` below the root.
class FolderReader {
 public:
  FolderReader(Listing& listing, std::size_t label_depth)
      : listing_(listing), label_depth_(label_depth) {}

  void take(const fs::path& file) {
    if (!image::has_image_name(file)) {
      if (!is_plainly_not_a_picture(file)) leave_out(file, "not a picture that we read", "");
      return;
    }
    const fs::path relative = file.lexically_relative(listing_.root);
    const std::vector<fs::path> steps(relative.begin(), relative.end());
    if (!is_clean_name(relative.generic_string())) {
      leave_out(file, "its name is not UTF-8 or holds control characters", "rename it");
    } else if (steps.size() < label_depth_ + 2) {
      leave_out(file, "lies outside the class folders", "move it into the folder of its class");
    } else {
      Listing::Row row;
      row.sample.file = relative.generic_string();
      row.sample.family = row.sample.file;
      if (label_depth_ == 1) row.sample.part = steps[0].string();
      row.label = canonical_label(steps[label_depth_].string());
      if (row.label.empty()) return leave_out(file, "its class folder has no name", "rename it");
      ++pictures_[listing_.root / (label_depth_ == 1 ? steps[0] / steps[1] : steps[0])];
      listing_.rows.push_back(std::move(row));
    }
  }

  void report_empty_classes(const fs::path& parent) {
    for (const auto& folder : folders_in(parent)) {
      if (!pictures_.contains(folder)) leave_out(folder, "a class folder without a picture", "");
    }
  }

 private:
  void leave_out(const fs::path& what, std::string message, std::string remedy) {
    listing_.problems.push_back(
        {ErrorCode::unsupported, std::move(message), what.string(), std::move(remedy)});
  }

  Listing& listing_;
  std::size_t label_depth_;
  std::map<fs::path, std::size_t> pictures_;  // in each class folder
};

}  // namespace

Result<Listing> list_folder(const Context& context, const fs::path& folder) {
  const fs::path below = folder / "images";
  const bool nested = !holds_kaggle_parts(folder) && holds_kaggle_parts(below);
  Listing listing;
  listing.root = nested ? below : folder;
  const bool kaggle = nested || holds_kaggle_parts(folder);

  std::vector<fs::path> walked_folders;
  if (kaggle) {
    for (const auto part : kKaggleParts) {
      if (is_folder(listing.root / part)) walked_folders.push_back(listing.root / part);
    }
  } else {
    walked_folders.push_back(listing.root);
  }

  FolderReader reader(listing, kaggle ? 1 : 0);
  for (const auto& walked_folder : walked_folders) {
    BC_ASSIGN(auto walked, walk_folder(walked_folder, context.limits));
    for (const auto& file : walked.files) reader.take(file);
    listing.problems.insert(listing.problems.end(), walked.problems.begin(), walked.problems.end());
    reader.report_empty_classes(walked_folder);
  }
  return listing;
}

}  // namespace bloodcell::data
