#include <bloodcell/data/import.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>

#include <nlohmann/json.hpp>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/base/names.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/image/decode.hpp>

#include "importers/readers.hpp"

namespace bloodcell::data {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 7> kFormats{"coco", "csv", "folders", "medmnist",
                                                   "pbc",  "voc", "yolo"};
constexpr std::array<Reader, 7> kReaders{read_coco,     read_named_columns, read_class_folders,
                                         read_medmnist, read_pbc,           read_voc,
                                         read_yolo};

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kPbcCodes{
    {{"BNE", "neutrophil"},
     {"SNE", "neutrophil"},
     {"NEUTROPHIL", "neutrophil"},
     {"EO", "eosinophil"},
     {"BA", "basophil"},
     {"LY", "lymphocyte"},
     {"MO", "monocyte"},
     {"MMY", "ig"},
     {"MY", "ig"},
     {"PMY", "ig"},
     {"IG", "ig"},
     {"ERB", "erythroblast"},
     {"PLATELET", "platelet"}}};

struct Size {
  int width_px = 0;
  int height_px = 0;
};

Result<image::Box> fit_box(const Edges& edges, const Size& size) {
  const double x_unit = edges.relative ? size.width_px : 1;
  const double y_unit = edges.relative ? size.height_px : 1;
  const double left = std::round(edges.left * x_unit);
  const double right = std::round(edges.right * x_unit);
  const double top = std::round(edges.top * y_unit);
  const double bottom = std::round(edges.bottom * y_unit);
  if (!(left >= -1 && top >= -1 && right <= size.width_px + 1 && bottom <= size.height_px + 1)) {
    return fail(ErrorCode::malformed,
                fmt::format("the box from {:.6g},{:.6g} to {:.6g},{:.6g} leaves its picture of "
                            "{} × {} pixels",
                            left, top, right, bottom, size.width_px, size.height_px));
  }
  image::Box box;
  box.x = std::max(0, static_cast<int>(left));
  box.y = std::max(0, static_cast<int>(top));
  box.width = std::min(size.width_px, static_cast<int>(right)) - box.x;
  box.height = std::min(size.height_px, static_cast<int>(bottom)) - box.y;
  if (box.width < 1 || box.height < 1) {
    return fail(ErrorCode::malformed, "the box has no area");
  }
  return box;
}

class Writer {
 public:
  Writer(const Context& context, const ImportOptions& options, Imported& result)
      : context_(context), options_(options), result_(result) {
    root_ = fs::absolute(result.manifest).lexically_normal().parent_path();
  }

  [[nodiscard]] Result<void> take(const std::vector<PublishedCell>& cells, Collector& faults) {
    for (const PublishedCell& cell : cells) {
      BC_CHECK(context_.cancellation.check());
      if (auto taken = take_one(cell); !taken) {
        Error error = taken.error();
        if (error.code == ErrorCode::usage) return tl::unexpected(std::move(error));
        const bool is_of_picture = !error.path.empty() && error.path != cell.said.string();
        if (is_of_picture) {
          error.message = fmt::format("`{}`: {}", cell.picture.filename().string(), error.message);
        }
        if (!cell.place.empty()) error.message = cell.place + ": " + error.message;
        error.path = cell.said.string();
        BC_CHECK(faults.fault(std::move(error)));
      }
    }
    return {};
  }

  [[nodiscard]] std::string manifest_text() {
    std::sort(rows_.begin(), rows_.end());
    const bool families = has(2);
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      if (i < 2 || has(i) || (i >= 5 && has(5)) || (i == 2 && families)) kept.push_back(i);
    }
    std::string text;
    const auto append = [&](const auto& row) {
      std::vector<std::string> fields;
      for (const std::size_t i : kept) fields.emplace_back(row[i]);
      text += csv_row(fields);
    };
    append(kColumns);
    for (const auto& row : rows_) append(row);
    return text;
  }

 private:
  static constexpr std::array<std::string_view, 9> kColumns{
      "file", "label", "family", "part", "source", "x", "y", "width", "height"};
  using Row = std::array<std::string, 9>;

  [[nodiscard]] bool has(std::size_t column) const {
    return std::any_of(rows_.begin(), rows_.end(), [&](auto& row) { return !row[column].empty(); });
  }

  [[nodiscard]] Result<std::string> label_of(const std::string& published) const {
    for (const auto& [from, to] : options_.map) {
      if (from == published) return to;
    }
    if (options_.format == "pbc") {
      for (const auto& [code, label] : kPbcCodes) {
        if (code == published) return std::string(label);
      }
      return fail(ErrorCode::malformed, fmt::format("`{}` is no code of the PBC set", published),
                  {}, fmt::format("say what it is with --map {}=LABEL", published));
    }
    const std::string label = canonical_label(published);
    if (label.empty()) return fail(ErrorCode::malformed, "its class is missing");
    return label;
  }

  // The name as the manifest says it.
  [[nodiscard]] Result<std::string> name_of(const fs::path& picture) const {
    const fs::path below = fs::absolute(picture).lexically_normal().lexically_relative(root_);
    if (below.empty() || *below.begin() == "..") {
      return fail(ErrorCode::usage,
                  fmt::format("the manifest in `{}` cannot name it", root_.string()),
                  picture.string(),
                  "write the manifest to a folder that holds the pictures, or link the set there");
    }
    return relative_file(below.generic_string());
  }

  [[nodiscard]] Result<Size> size_of(const fs::path& picture) {
    if (last_picture_ == picture) return last_size_;
    BC_ASSIGN(const Bytes bytes, read_file(picture, context_.limits.max_file_bytes));
    auto header = image::read_header(bytes, context_.limits);
    if (!header) return tl::unexpected(with_path(header.error(), picture.string()));
    last_picture_ = picture;
    last_size_ = {header->width_px, header->height_px};
    return last_size_;
  }

  [[nodiscard]] Result<void> take_one(const PublishedCell& cell) {
    if (!cell.label.empty() && !is_clean_name(cell.label)) {
      return fail(ErrorCode::malformed, "its class is not UTF-8, or holds control characters");
    }
    BC_ASSIGN(const std::string label, label_of(cell.label));
    auto& published = result_.published[cell.label];
    published.label = label;
    if (label.empty()) {
      ++published.cells;
      ++result_.left_out;
      return {};
    }
    for (const std::string& name : {cell.family, cell.part}) {
      if (!name.empty() && !is_clean_name(name)) {
        return fail(ErrorCode::malformed, "a name that is not UTF-8, or holds control characters");
      }
    }
    BC_ASSIGN(const std::string file, name_of(cell.picture));
    Row row{file, label, cell.family, cell.part, options_.source_name, "", "", "", ""};
    if (cell.box) {
      BC_ASSIGN(const Size size, size_of(cell.picture));
      BC_ASSIGN(const image::Box box, fit_box(*cell.box, size));
      if (row[2].empty()) row[2] = file;
      row[5] = std::to_string(box.x);
      row[6] = std::to_string(box.y);
      row[7] = std::to_string(box.width);
      row[8] = std::to_string(box.height);
    }
    if (!places_.emplace(row[0], row[5], row[6], row[7], row[8]).second) {
      return fail(ErrorCode::malformed, fmt::format("`{}` stands twice with this box", file));
    }
    ++published.cells;
    ++result_.cells;
    rows_.push_back(std::move(row));
    return {};
  }

  const Context& context_;
  const ImportOptions& options_;
  Imported& result_;
  fs::path root_;
  fs::path last_picture_;
  Size last_size_;
  std::vector<Row> rows_;
  std::set<std::tuple<std::string, std::string, std::string, std::string, std::string>> places_;
};

std::string json_text(const ImportOptions& options, const Imported& result) {
  using nlohmann::ordered_json;
  ordered_json classes = ordered_json::array();
  std::map<std::string, std::size_t> labels;
  for (const auto& [published, taken] : result.published) {
    classes.push_back(
        ordered_json{{"published", published}, {"label", taken.label}, {"cells", taken.cells}});
    if (!taken.label.empty()) labels[taken.label] += taken.cells;
  }
  const ordered_json document{{"format", 1},
                              {"importer", options.format},
                              {"manifest", result.manifest.filename().string()},
                              {"source", options.source_name},
                              {"licence", options.licence},
                              {"cells", result.cells},
                              {"left_out", result.left_out},
                              {"faults", result.problems.size()},
                              {"labels", labels},
                              {"classes", classes}};
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Result<Reader> check_options(const ImportOptions& options, const fs::path& manifest) {
  const auto* const format = std::find(kFormats.begin(), kFormats.end(), options.format);
  if (format == kFormats.end()) {
    return fail(ErrorCode::usage, fmt::format("no format `{}`", options.format), {},
                "one of coco, csv, folders, medmnist, pbc, voc, yolo");
  }
  std::error_code ignored;
  if (!fs::exists(options.source, ignored)) {
    return fail(ErrorCode::not_found, "no such file or folder", options.source.string());
  }
  if (fs::equivalent(options.source, manifest, ignored)) {
    return fail(ErrorCode::usage, "the manifest would overwrite what it is made from",
                manifest.string(), "name another file");
  }
  for (const auto& [from, to] : options.map) {
    if (!to.empty() && !is_clean_name(to)) {
      return fail(ErrorCode::usage, fmt::format("the label for `{}` is not clean UTF-8", from));
    }
  }
  if (!options.source_name.empty() && !is_clean_name(options.source_name)) {
    return fail(ErrorCode::usage, "the source's name is not clean UTF-8");
  }
  return kReaders[static_cast<std::size_t>(format - kFormats.begin())];
}

}  // namespace

std::span<const std::string_view> import_formats() { return kFormats; }

Result<Imported> import_set(const Context& context, const ImportOptions& options) {
  Imported result;
  result.manifest = options.manifest;
  if (result.manifest.extension() != ".csv") result.manifest /= "manifest.csv";
  BC_ASSIGN(const Reader read, check_options(options, result.manifest));
  Collector found(context, options);
  BC_CHECK(read(context, options, found));
  Writer writer(context, options, result);
  BC_CHECK(writer.take(found.cells, found));
  result.problems = std::move(found.faults);
  if (result.cells == 0) {
    return fail(ErrorCode::usage, "no cell in it", options.source.string(),
                "check the format, and that --map leaves some");
  }
  result.json = json_text(options, result);
  BC_CHECK(write_text(result.manifest.string() + ".json", result.json));
  BC_CHECK(write_text(result.manifest, writer.manifest_text()));
  found.made_folder.clear();
  return result;
}

}  // namespace bloodcell::data
