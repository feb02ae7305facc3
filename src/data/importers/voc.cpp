// Pascal VOC: one XML file a picture. pugixml reads no external entity and expands none of its own.
#include <algorithm>
#include <array>

#include <pugixml.hpp>

#include <bloodcell/base/files.hpp>

#include "importers/readers.hpp"

namespace bloodcell::data {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxXmlBytes = 16ULL << 20;

std::string line_at(std::string_view text, std::ptrdiff_t offset) {
  const auto end = std::clamp<std::ptrdiff_t>(offset, 0, std::ssize(text));
  return fmt::format("line {}", 1 + std::count(text.begin(), text.begin() + end, '\n'));
}

Result<std::optional<Edges>> read_box(const pugi::xml_node& object) {
  const pugi::xml_node box = object.child("bndbox");
  if (!box) return fail(ErrorCode::malformed, "an object without `bndbox`");
  constexpr std::array kNames{"xmin", "ymin", "xmax", "ymax"};
  std::array<double, 4> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = finite_number(box.child(kNames[i]).child_value());
    if (!value) return fail(ErrorCode::malformed, fmt::format("`{}` is not a number", kNames[i]));
    values[i] = *value;
  }
  return Edges{values[0], values[1], values[2], values[3]};
}

Result<void> read_annotation(const Context& context, const ImportOptions& options,
                             const fs::path& file, Collector& found) {
  BC_ASSIGN(const std::string text,
            read_text(file, std::min(kMaxXmlBytes, context.limits.max_file_bytes)));
  pugi::xml_document document;
  const auto parsed = document.load_buffer(text.data(), text.size());
  const auto wrong = [&](std::ptrdiff_t at, Error error) {
    error.message = line_at(text, at) + ": " + error.message;
    return with_path(std::move(error), file.string());
  };
  if (!parsed) {
    return tl::unexpected(wrong(
        parsed.offset, {ErrorCode::malformed, "not whole XML: " + std::string(parsed.description()),
                        "", "copy it again"}));
  }
  const pugi::xml_node root = document.child("annotation");
  if (!root) {
    return tl::unexpected(wrong(0, {ErrorCode::malformed, "no `annotation` element", "", ""}));
  }
  const fs::path above = file.parent_path().parent_path();
  std::vector<fs::path> folders{file.parent_path(), above / "images", above / "JPEGImages"};
  if (!options.images.empty()) folders = {options.images};
  const auto picture = find_picture(folders, root.child_value("filename"));
  if (!picture) {
    return found.fault(wrong(root.child("filename").offset_debug(), picture.error()));
  }
  for (const pugi::xml_node& object : root.children("object")) {
    auto box = read_box(object);
    if (!box) {
      BC_CHECK(found.fault(wrong(object.offset_debug(), box.error())));
      continue;
    }
    BC_CHECK(found.add({*picture, object.child_value("name"), *box, "", "",
                        line_at(text, object.offset_debug()), file}));
  }
  return {};
}

}  // namespace

Result<void> read_voc(const Context& context, const ImportOptions& options, Collector& found) {
  BC_ASSIGN(const auto walked, walk_folder(options.source, context.limits));
  BC_CHECK(found.take(walked.problems));
  for (const fs::path& file : walked.files) {
    if (file.extension() == ".xml") BC_CHECK(read_annotation(context, options, file, found));
  }
  return {};
}

}  // namespace bloodcell::data
