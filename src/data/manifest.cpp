#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/base/names.hpp>

#include "listing.hpp"

namespace bloodcell::data {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 9> kColumns{"file", "label", "family", "part",  "source",
                                                   "x",    "y",     "width",  "height"};

// One row with the words for what is wrong in it.
class RowReader {
 public:
  RowReader(const CsvTable& table, std::size_t row) : table_(table), row_(row) {}

  [[nodiscard]] std::size_t line() const { return table_.lines[row_]; }

  [[nodiscard]] const std::string* cell(std::string_view column) const {
    const auto position = table_.column(column);
    return position ? &table_.rows[row_][*position] : nullptr;
  }

  [[nodiscard]] tl::unexpected<Error> wrong(std::string_view column, std::string_view what,
                                            std::string remedy = {}) const {
    return fail(ErrorCode::malformed, fmt::format("line {}, column `{}`: {}", line(), column, what),
                {}, std::move(remedy));
  }

  // Empty when the column or its value is missing.
  [[nodiscard]] Result<std::string> name(std::string_view column) const {
    const std::string* text = cell(column);
    if (text == nullptr || text->empty()) return std::string();
    if (!is_clean_name(*text)) return wrong(column, "not UTF-8, or holds control characters");
    return *text;
  }

  [[nodiscard]] Result<int> pixels(std::string_view column, int low, int high) const {
    const std::string& text = *cell(column);
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (whole && value >= low && value <= high) return value;
    return wrong(column, fmt::format("`{}` is not a whole number from {} to {}",
                                     is_clean_name(text) ? text : "?", low, high));
  }

 private:
  const CsvTable& table_;
  std::size_t row_;
};

Result<void> check_columns(const CsvTable& table) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const std::string& name = table.columns[i];
    if (std::find(kColumns.begin(), kColumns.end(), name) == kColumns.end()) {
      return fail(ErrorCode::malformed,
                  fmt::format("line 1: column {} is `{}`, which no manifest has", i + 1,
                              is_clean_name(name) ? name : "?"),
                  {},
                  "the columns are file,label and optionally family,part,source,x,y,width,"
                  "height; remove or rename others");
    }
    if (table.column(name) != i) {
      return fail(ErrorCode::malformed, fmt::format("line 1: column `{}` stands twice", name));
    }
  }
  for (const std::string_view name : {"file", "label"}) {
    if (!table.column(name)) {
      return fail(ErrorCode::malformed, fmt::format("line 1: no column `{}`", name));
    }
  }
  const auto box_columns = std::count_if(kColumns.begin() + 5, kColumns.end(),
                                         [&](auto name) { return table.column(name).has_value(); });
  if (box_columns != 0 && box_columns != 4) {
    return fail(ErrorCode::malformed, "line 1: a box needs the columns x, y, width and height");
  }
  return {};
}

Result<std::optional<image::Box>> read_box(const RowReader& row, int max_side_px) {
  constexpr std::array<std::string_view, 4> kBox{"x", "y", "width", "height"};
  if (row.cell("x") == nullptr) return std::nullopt;
  const auto empty = std::count_if(kBox.begin(), kBox.end(),
                                   [&](auto column) { return row.cell(column)->empty(); });
  if (empty == 4) return std::nullopt;
  image::Box box;
  BC_ASSIGN(box.x, row.pixels("x", 0, max_side_px));
  BC_ASSIGN(box.y, row.pixels("y", 0, max_side_px));
  BC_ASSIGN(box.width, row.pixels("width", 1, max_side_px));
  BC_ASSIGN(box.height, row.pixels("height", 1, max_side_px));
  return box;
}

Result<Listing::Row> read_row(const RowReader& reader, const Limits& limits) {
  Listing::Row row;
  row.line = reader.line();
  auto file = relative_file(*reader.cell("file"));
  if (!file) return reader.wrong("file", file.error().message, file.error().remedy);
  row.sample.file = std::move(*file);
  BC_ASSIGN(const std::string label, reader.name("label"));
  row.label = canonical_label(label);
  if (row.label.empty()) return reader.wrong("label", "is empty");
  BC_ASSIGN(row.sample.family, reader.name("family"));
  if (row.sample.family.empty()) row.sample.family = row.sample.file;
  BC_ASSIGN(row.sample.part, reader.name("part"));
  BC_ASSIGN(row.sample.source, reader.name("source"));
  BC_ASSIGN(row.sample.box, read_box(reader, limits.max_side_px));
  return row;
}

// A file and its box, in a form that can be ordered.
using Place = std::pair<std::string, std::array<int, 4>>;

Place place_of(const Sample& sample) {
  const image::Box box = sample.box.value_or(image::Box{});
  return {sample.file, {box.x, box.y, box.width, box.height}};
}

}  // namespace

Result<Listing> list_manifest(const Context& context, const fs::path& manifest) {
  const auto name_it = [&](Error error) {
    return tl::unexpected(with_path(std::move(error), manifest.string()));
  };
  BC_ASSIGN(const std::string text, read_text(manifest, context.limits.max_file_bytes));
  const auto table = parse_csv(text);
  if (!table) return name_it(table.error());
  if (auto columns = check_columns(*table); !columns) return name_it(columns.error());
  if (table->rows.size() > context.limits.max_files) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("more than {} rows", context.limits.max_files), manifest.string());
  }

  Listing listing;
  listing.root = manifest.has_parent_path() ? manifest.parent_path() : fs::path(".");
  listing.has_families = table->column("family").has_value();
  std::map<Place, std::size_t> line_of;
  for (std::size_t i = 0; i < table->rows.size(); ++i) {
    const RowReader reader(*table, i);
    auto row = read_row(reader, context.limits);
    if (!row) return name_it(row.error());
    const auto [before, is_new] = line_of.emplace(place_of(row->sample), reader.line());
    if (!is_new) {
      return name_it(reader
                         .wrong("file", fmt::format("`{}` stands already on line {}",
                                                    row->sample.file, before->second))
                         .value());
    }
    std::error_code ignored;
    if (!fs::is_regular_file(listing.root / row->sample.file, ignored)) {
      listing.problems.push_back({ErrorCode::not_found,
                                  fmt::format("line {}: no such file", reader.line()),
                                  (listing.root / row->sample.file).string(), ""});
      continue;
    }
    listing.rows.push_back(std::move(*row));
  }
  return listing;
}

}  // namespace bloodcell::data
