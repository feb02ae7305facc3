// COCO: one JSON of images, categories and annotations; bbox is [x, y, width, height] in pixels.
#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>

#include "importers/readers.hpp"

namespace bloodcell::data {

namespace fs = std::filesystem;

namespace {

using nlohmann::json;

Result<json> parse(const std::string& text) {
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    const auto end = static_cast<std::ptrdiff_t>(std::min(error.byte, text.size()));
    return fail(ErrorCode::malformed,
                fmt::format("line {}: not whole JSON",
                            1 + std::count(text.begin(), text.begin() + end, '\n')),
                {}, "copy it again");
  } catch (const json::exception&) {
    return fail(ErrorCode::malformed, "holds a number that is out of range");
  }
}

// id → the text of `field`, for `images` and `categories`.
Result<std::map<std::int64_t, std::string>> names_in(const json& document, const char* list,
                                                     const char* field) {
  const auto items = document.find(list);
  if (items == document.end() || !items->is_array()) {
    return fail(ErrorCode::malformed, fmt::format("no list `{}`", list));
  }
  std::map<std::int64_t, std::string> names;
  for (std::size_t i = 0; i < items->size(); ++i) {
    const json& item = (*items)[i];
    const auto wrong = [&](std::string_view what) {
      return fail(ErrorCode::malformed, fmt::format("{}[{}]: {}", list, i, what));
    };
    if (!item.is_object() || !item.contains("id") || !item["id"].is_number_integer()) {
      return wrong("no whole number `id`");
    }
    if (!item.contains(field) || !item[field].is_string()) {
      return wrong(fmt::format("no text `{}`", field));
    }
    if (!names.emplace(item["id"].get<std::int64_t>(), item[field].get<std::string>()).second) {
      return wrong("its `id` stands twice");
    }
  }
  return names;
}

Result<PublishedCell> read_annotation(const json& item,
                                      const std::map<std::int64_t, std::string>& files,
                                      const std::map<std::int64_t, std::string>& categories,
                                      const std::vector<fs::path>& folders) {
  const auto named = [&](const char* field, const auto& names) -> Result<std::string> {
    if (item.is_object() && item.contains(field) && item[field].is_number_integer()) {
      const auto at = names.find(item[field].template get<std::int64_t>());
      if (at != names.end()) return at->second;
    }
    return fail(ErrorCode::malformed, fmt::format("`{}` names none that the file lists", field));
  };
  PublishedCell cell;
  BC_ASSIGN(const std::string file, named("image_id", files));
  BC_ASSIGN(cell.label, named("category_id", categories));
  const auto box = item.find("bbox");
  const bool is_box = box != item.end() && box->is_array() && box->size() == 4 &&
                      std::all_of(box->begin(), box->end(), [](auto& n) { return n.is_number(); });
  if (!is_box) return fail(ErrorCode::malformed, "`bbox` is not four numbers");
  const auto number = [&](std::size_t i) { return (*box)[i].template get<double>(); };
  cell.box = Edges{number(0), number(1), number(0) + number(2), number(1) + number(3)};
  BC_ASSIGN(cell.picture, find_picture(folders, file));
  return cell;
}

}  // namespace

Result<void> read_coco(const Context& context, const ImportOptions& options, Collector& found) {
  const auto name_it = [&](Error error) {
    return tl::unexpected(with_path(std::move(error), options.source.string()));
  };
  BC_ASSIGN(const std::string text, read_text(options.source, context.limits.max_json_bytes));
  const auto document = parse(text);
  if (!document) return name_it(document.error());
  const auto files = names_in(*document, "images", "file_name");
  if (!files) return name_it(files.error());
  const auto categories = names_in(*document, "categories", "name");
  if (!categories) return name_it(categories.error());
  const auto annotations = document->find("annotations");
  if (annotations == document->end() || !annotations->is_array()) {
    return name_it({ErrorCode::malformed, "no list `annotations`", "", ""});
  }
  const fs::path above = options.source.parent_path();
  std::vector<fs::path> folders{above, above / "images", above.parent_path() / "images"};
  if (!options.images.empty()) folders = {options.images};
  for (std::size_t i = 0; i < annotations->size(); ++i) {
    auto cell = read_annotation((*annotations)[i], *files, *categories, folders);
    const std::string place = fmt::format("annotations[{}]", i);
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

}  // namespace bloodcell::data
