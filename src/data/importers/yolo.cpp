// YOLO: beside each picture, or under `labels` where the picture is under `images`, a text of
// `class x y width height`: the middle and the sides as parts of the picture.
#include <array>
#include <charconv>
#include <sstream>

#include <bloodcell/base/files.hpp>
#include <bloodcell/image/decode.hpp>

#include "importers/readers.hpp"

namespace bloodcell::data {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

Result<std::vector<std::string>> class_names(const Context& context, const ImportOptions& options) {
  if (!options.labels.empty()) return options.labels;
  for (const char* name : {"classes.txt", "obj.names"}) {
    const fs::path file = options.source / name;
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) continue;
    BC_ASSIGN(const std::string text, read_text(file, context.limits.max_file_bytes));
    auto names = lines_of(text);
    while (!names.empty() && names.back().empty()) names.pop_back();
    return names;
  }
  return fail(ErrorCode::not_found, "neither classes.txt nor obj.names", options.source.string(),
              "give the class names in their order with --labels a,b,c");
}

fs::path text_of(const fs::path& picture, const fs::path& source) {
  std::vector<fs::path> parts;
  const fs::path below = picture.lexically_relative(source);
  for (const fs::path& part : below) parts.push_back(part);
  for (std::size_t i = parts.size(); i-- > 0;) {
    if (parts[i] == "images") {
      parts[i] = "labels";
      break;
    }
  }
  fs::path text = source;
  for (const fs::path& part : parts) text /= part;
  return text.replace_extension(".txt");
}

Result<PublishedCell> read_line(const std::string& line, const std::vector<std::string>& names) {
  std::istringstream words(line);
  std::vector<std::string> fields;
  for (std::string word; fields.size() < 6 && words >> word;) fields.push_back(word);
  if (fields.size() != 5) {
    return fail(ErrorCode::malformed, "not the five fields `class x y width height`");
  }
  std::size_t index = 0;
  const auto [end, error] =
      std::from_chars(fields[0].data(), fields[0].data() + fields[0].size(), index);
  if (error != std::errc() || end != fields[0].data() + fields[0].size() || index >= names.size()) {
    return fail(ErrorCode::malformed,
                fmt::format("class `{}` is not a number below {}", fields[0], names.size()));
  }
  std::array<double, 4> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = finite_number(fields[i + 1]);
    if (!value || *value < 0 || *value > 1) {
      return fail(ErrorCode::malformed,
                  fmt::format("field {}: `{}` is not a number from 0 to 1", i + 2, fields[i + 1]));
    }
    values[i] = *value;
  }
  const auto [x, y, width, height] = values;
  PublishedCell cell;
  cell.label = names[index];
  cell.box = Edges{x - width / 2, y - height / 2, x + width / 2, y + height / 2, true};
  return cell;
}

}  // namespace

Result<void> read_yolo(const Context& context, const ImportOptions& options, Collector& found) {
  BC_ASSIGN(const auto names, class_names(context, options));
  BC_ASSIGN(const auto walked, walk_folder(options.source, context.limits));
  BC_CHECK(found.take(walked.problems));
  for (const fs::path& picture : walked.files) {
    const fs::path file = text_of(picture, options.source);
    std::error_code ignored;
    if (!image::has_image_name(picture) || !fs::is_regular_file(file, ignored)) continue;
    BC_ASSIGN(const std::string text, read_text(file, context.limits.max_file_bytes));
    const auto lines = lines_of(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (lines[i].find_first_not_of(" \t") == std::string::npos) continue;
      auto cell = read_line(lines[i], names);
      if (!cell) {
        Error error = cell.error();
        error.message = fmt::format("line {}: {}", i + 1, error.message);
        BC_CHECK(found.fault(with_path(std::move(error), file.string())));
        continue;
      }
      cell->picture = picture;
      cell->place = fmt::format("line {}", i + 1);
      cell->said = file;
      BC_CHECK(found.add(std::move(*cell)));
    }
  }
  return {};
}

}  // namespace bloodcell::data
