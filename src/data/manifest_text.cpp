#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/data/dataset.hpp>

namespace bloodcell::data {

namespace {

constexpr std::size_t kNames = 5;  // columns before those of the box
constexpr std::array<const char*, 9> kColumns{"file", "label", "family", "part",  "source",
                                              "x",    "y",     "width",  "height"};
using Row = std::array<std::string, kColumns.size()>;

Row row_of(const Sample& sample, const std::vector<std::string>& labels) {
  Row row{sample.file, labels[static_cast<std::size_t>(sample.label)], sample.family, sample.part,
          sample.source};
  if (!sample.box) return row;
  const std::array<int, 4> box{sample.box->x, sample.box->y, sample.box->width, sample.box->height};
  for (std::size_t i = 0; i < box.size(); ++i) row[kNames + i] = std::to_string(box[i]);
  return row;
}

}  // namespace

std::string manifest_text(const Dataset& dataset) {
  std::vector<Row> rows;
  for (const auto& sample : dataset.samples) rows.push_back(row_of(sample, dataset.labels));
  std::array<bool, kColumns.size()> is_kept{true, true, true};
  for (const auto& row : rows) {
    for (std::size_t i = 3; i < row.size(); ++i) is_kept[i] = is_kept[i] || !row[i].empty();
  }
  const auto line = [&](const auto& row) {
    std::vector<std::string> fields;
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      if (is_kept[i]) fields.emplace_back(row[i]);
    }
    return csv_row(fields);
  };
  std::string text = line(kColumns);
  for (const auto& row : rows) text += line(row);
  return text;
}

}  // namespace bloodcell::data
