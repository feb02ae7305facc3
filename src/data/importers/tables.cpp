// Formats without boxes of their own: any CSV with named columns, class folders, PBC file names.
#include <array>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/image/decode.hpp>

#include "importers/readers.hpp"

namespace bloodcell::data {

namespace fs = std::filesystem;

namespace {

// Where the wanted columns stand; nothing for those that were not asked for.
struct Columns {
  std::optional<std::size_t> file, label, family, part;
  std::array<std::optional<std::size_t>, 4> box;
};

Result<std::optional<std::size_t>> column_of(const CsvTable& table, const std::string& name) {
  if (name.empty()) return std::nullopt;
  const auto position = table.column(name);
  if (!position) {
    return fail(ErrorCode::malformed, fmt::format("line 1: no column `{}`", name), {},
                "name the columns with --file-column, --label-column and so on");
  }
  return position;
}

Result<Columns> columns_of(const CsvTable& table, const ImportOptions& options) {
  Columns columns;
  BC_ASSIGN(columns.file, column_of(table, options.file_column));
  BC_ASSIGN(columns.label, column_of(table, options.label_column));
  BC_ASSIGN(columns.family, column_of(table, options.family_column));
  BC_ASSIGN(columns.part, column_of(table, options.part_column));
  const std::array names{&options.x_column, &options.y_column, &options.width_column,
                         &options.height_column};
  std::size_t given = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    BC_ASSIGN(columns.box[i], column_of(table, *names[i]));
    given += columns.box[i] ? 1 : 0;
  }
  if (given != 0 && given != 4) {
    return fail(ErrorCode::usage, "a box needs the columns of x, y, width and height");
  }
  if (!columns.file || !columns.label) {
    return fail(ErrorCode::usage, "a set needs a column of files and one of labels");
  }
  return columns;
}

Result<PublishedCell> read_row(const std::vector<std::string>& row, const Columns& columns,
                               const std::vector<fs::path>& folders) {
  PublishedCell cell;
  cell.label = row[*columns.label];
  if (columns.family) cell.family = row[*columns.family];
  if (columns.part) cell.part = row[*columns.part];
  if (columns.box[0]) {
    std::array<double, 4> values{};
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto value = finite_number(row[*columns.box[i]]);
      if (!value) return fail(ErrorCode::malformed, "its box is not four numbers");
      values[i] = *value;
    }
    const auto [x, y, width, height] = values;
    cell.box = Edges{x, y, x + width, y + height};
  }
  BC_ASSIGN(cell.picture, find_picture(folders, row[*columns.file]));
  return cell;
}

}  // namespace

Result<void> read_named_columns(const Context& context, const ImportOptions& options,
                                Collector& found) {
  const auto name_it = [&](Error error) {
    return tl::unexpected(with_path(std::move(error), options.source.string()));
  };
  BC_ASSIGN(const std::string text, read_text(options.source, context.limits.max_file_bytes));
  const auto table = parse_csv(text);
  if (!table) return name_it(table.error());
  const auto columns = columns_of(*table, options);
  if (!columns) return name_it(columns.error());
  const fs::path above = options.source.parent_path();
  std::vector<fs::path> folders{above, above / "images"};
  if (!options.images.empty()) folders = {options.images};
  for (std::size_t i = 0; i < table->rows.size(); ++i) {
    auto cell = read_row(table->rows[i], *columns, folders);
    const std::string place = fmt::format("line {}", table->lines[i]);
    if (!cell) {
      Error error = cell.error();
      error.message = place + ": " + error.message;
      BC_CHECK(found.fault(with_path(std::move(error), options.source.string())));
      continue;
    }
    cell->place = place;
    cell->said = options.source;
    BC_CHECK(found.add(std::move(*cell)));
  }
  return {};
}

Result<void> read_class_folders(const Context& context, const ImportOptions& options,
                                Collector& found) {
  std::error_code ignored;
  if (!fs::is_directory(options.source, ignored)) {
    return fail(ErrorCode::not_found, "no such folder", options.source.string());
  }
  BC_ASSIGN(const Dataset set, open_dataset(context, options.source));
  BC_CHECK(found.take(set.problems));
  for (const Sample& sample : set.samples) {
    const fs::path picture = set.root / sample.file;
    BC_CHECK(found.add({picture, set.labels[static_cast<std::size_t>(sample.label)], std::nullopt,
                        "", sample.part, "", picture}));
  }
  return {};
}

// Acevedo et al. 2020, Data in Brief 30:105474: `BNE_94378.jpg`; the code is the expert's class.
Result<void> read_pbc(const Context& context, const ImportOptions& options, Collector& found) {
  BC_ASSIGN(const auto walked, walk_folder(options.source, context.limits));
  BC_CHECK(found.take(walked.problems));
  for (const fs::path& file : walked.files) {
    if (!image::has_image_name(file)) continue;
    const std::string stem = file.stem().string();
    const std::size_t underscore = stem.find('_');
    if (underscore == 0 || underscore == std::string::npos) {
      BC_CHECK(found.fault({ErrorCode::malformed, "its name has no code before `_`, as `BNE_` has",
                            file.string(), ""}));
      continue;
    }
    BC_CHECK(
        found.add({file, stem.substr(0, underscore), std::nullopt, "", "", "file name", file}));
  }
  return {};
}

}  // namespace bloodcell::data
