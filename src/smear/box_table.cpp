#include <bloodcell/smear/box_table.hpp>

#include <array>
#include <charconv>
#include <cmath>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>

namespace bloodcell::smear {

namespace {

constexpr double kFarthestPx = 100'000;

struct Columns {
  std::size_t file = 0;
  std::size_t kind = 0;
  std::array<std::size_t, 4> box{};
};

Result<std::size_t> column(const CsvTable& table, const char* name) {
  const auto found = table.column(name);
  if (found) return *found;
  return fail(ErrorCode::malformed, fmt::format("line 1: no column `{}`", name), {},
              "boxes are file,x,y,width,height,class");
}

Result<Columns> columns_of(const CsvTable& table) {
  Columns columns;
  BC_ASSIGN(columns.file, column(table, "file"));
  BC_ASSIGN(columns.kind, column(table, "class"));
  constexpr std::array<const char*, 4> kNames{"x", "y", "width", "height"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    BC_ASSIGN(columns.box[i], column(table, kNames[i]));
  }
  return columns;
}

Result<double> number_in(const std::string& text, std::size_t line) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec == std::errc{} && read.ptr == end && std::abs(value) <= kFarthestPx) return value;
  return fail(ErrorCode::malformed,
              fmt::format("line {}: `{}` is no place in a picture", line, text));
}

Result<BoxTable> boxes_in(const std::string& text) {
  BC_ASSIGN(const auto table, parse_csv(text));
  BC_ASSIGN(const auto columns, columns_of(table));
  BoxTable boxes;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    const auto kind = kind_named(row[columns.kind]);
    if (!kind) {
      return fail(
          ErrorCode::malformed,
          fmt::format("line {}: `{}` is no kind of cell", table.lines[i], row[columns.kind]), {},
          "take WBC, RBC, Platelets or a class of white cell");
    }
    std::array<double, 4> values{};
    for (std::size_t v = 0; v < values.size(); ++v) {
      BC_ASSIGN(values[v], number_in(row[columns.box[v]], table.lines[i]));
    }
    auto& of_file = boxes[row[columns.file]];
    if (values[2] > 0 && values[3] > 0) {
      of_file.push_back({*kind, values[0], values[1], values[2], values[3]});
    }
  }
  return boxes;
}

}  // namespace

Result<BoxTable> load_boxes(const std::filesystem::path& csv, const Limits& limits) {
  BC_ASSIGN(const auto text, read_text(csv, limits.max_file_bytes));
  return boxes_in(text).map_error(
      [&](Error error) { return with_path(std::move(error), csv.string()); });
}

}  // namespace bloodcell::smear
