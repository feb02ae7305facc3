// Small sets on disk and in memory for the tests of this layer.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/files.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/data/split.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/image/image.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::data {

// Files whose bytes are their own names: enough where nothing is decoded.
inline void write_files(const std::filesystem::path& root, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    const auto written = write_text(root / name, name);
    ASSERT_OK(written);
  }
}

inline void write_picture(const std::filesystem::path& file, const image::Image& picture) {
  const auto png = image::encode_png(picture);
  ASSERT_OK(png);
  const auto written = write_file(file, *png);
  ASSERT_OK(written);
}

// One colour all over.
inline image::Image plain_picture(int width, int height, std::uint8_t value) {
  image::Image picture(width, height);
  std::fill(picture.rgb.begin(), picture.rgb.end(), value);
  return picture;
}

struct Row {
  std::string file;
  std::string label;
  std::string family;
  std::string part = {};
  std::string source = {};
};

// A set in memory whose labels are those of the rows; the files are written below `root`, each with
// its own content.
inline Dataset make_set(const std::filesystem::path& root, const std::vector<Row>& rows) {
  std::string manifest = "file,label,family,part,source\n";
  for (const auto& row : rows) {
    write_files(root, {row.file});
    manifest +=
        row.file + "," + row.label + "," + row.family + "," + row.part + "," + row.source + "\n";
  }
  EXPECT_TRUE(write_text(root / "manifest.csv", manifest).has_value());
  OwnContext own;
  auto dataset = open_dataset(own.get(), root / "manifest.csv");
  EXPECT_TRUE(dataset.has_value()) << to_text(dataset.error());
  return *dataset;
}

inline std::vector<std::string> files_of(const Dataset& dataset) {
  std::vector<std::string> files;
  for (const auto& sample : dataset.samples) files.push_back(sample.file);
  return files;
}

inline std::string part_of(const Split& split, std::string_view file) {
  for (const auto& entry : split.entries) {
    if (entry.file == file) return entry.part;
  }
  return "not in the split";
}

inline Result<Split> split_of(const Dataset& dataset, const SplitOptions& options = {},
                              unsigned threads = 1) {
  OwnContext own(threads);
  return make_split(own.get(), dataset, options);
}

// `families` families of `copies` pictures for each class.
inline std::vector<Row> even_rows(const std::vector<std::string>& labels, int families, int copies,
                                  const std::string& part = "") {
  std::vector<Row> rows;
  for (const auto& label : labels) {
    for (int i = 0; i < families; ++i) {
      for (int copy = 0; copy < copies; ++copy) {
        rows.push_back({fmt::format("{}/{}{:02}-{}.png", label, part, i, copy), label,
                        fmt::format("{}{} {:02}", label, part, i), part});
      }
    }
  }
  return rows;
}

}  // namespace bloodcell::data
