#include "fields.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/random.hpp>
#include <bloodcell/data/families.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/geometry.hpp>
#include <bloodcell/smear/box_table.hpp>

namespace bloodcell::train {

namespace {

namespace fs = std::filesystem;

constexpr int kLongSidePx = 448;  // held in memory; views zoom in by less than that allows

struct Source {
  Field field;
  fs::path path;
};

Result<std::vector<Source>> list_set(const fs::path& folder, const Limits& limits) {
  BC_ASSIGN(const auto boxes, smear::load_boxes(folder / "boxes.csv", limits));
  std::array<bool, smear::kKinds> has_kind{};
  for (const auto& [file, cells] : boxes) {
    for (const auto& cell : cells) has_kind[static_cast<std::size_t>(cell.kind)] = true;
  }
  std::vector<Source> sources;
  for (const auto& [file, cells] : boxes) {
    Field field;
    field.set = fs::path(folder).lexically_normal().filename().string();
    field.file = file;
    field.cells = cells;
    for (std::size_t k = 0; k < smear::kKinds; ++k) {
      const bool drawn = std::any_of(cells.begin(), cells.end(), [k](const auto& cell) {
        return static_cast<std::size_t>(cell.kind) == k;
      });
      field.known[k] = drawn ? 1.0F : 0.0F;
    }
    sources.push_back({std::move(field), folder / "images" / file});
  }
  return sources;
}

Result<void> read_picture(Source& source, const Limits& limits) {
  BC_ASSIGN(const auto bytes, read_file(source.path, limits.max_file_bytes));
  BC_ASSIGN(auto picture, image::decode(bytes, limits));
  const int long_side = std::max(picture.width_px, picture.height_px);
  Field& field = source.field;
  if (long_side > kLongSidePx) {
    const double scale = static_cast<double>(kLongSidePx) / long_side;
    const int width = std::max(1, static_cast<int>(std::lround(picture.width_px * scale)));
    const int height = std::max(1, static_cast<int>(std::lround(picture.height_px * scale)));
    for (auto& cell : field.cells) {
      cell.x *= static_cast<double>(width) / picture.width_px;
      cell.width *= static_cast<double>(width) / picture.width_px;
      cell.y *= static_cast<double>(height) / picture.height_px;
      cell.height *= static_cast<double>(height) / picture.height_px;
    }
    picture = image::resize(picture, width, height, image::Interpolation::area);
  }
  field.picture = std::move(picture);
  return {};
}

Result<void> read_pictures(const Context& context, std::vector<Source>& sources) {
  std::vector<std::optional<Error>> errors(sources.size());
  context.pool.for_each(sources.size(), [&](std::size_t i) {
    auto read = read_picture(sources[i], context.limits);
    if (!read) errors[i] = with_path(read.error(), sources[i].path.string());
  });
  for (const auto& error : errors) {
    if (error) return tl::unexpected(*error);
  }
  return {};
}

// By the family's name alone: sets that come or go change nobody else's part.
std::string part_of(const std::string& family, const LocatorTraining& how) {
  Random random(how.seed, stream_of(family), 0);
  const auto fold = static_cast<int>(random.below(static_cast<std::uint64_t>(how.folds)));
  if (fold == how.test_fold) return "test";
  return fold == (how.test_fold + 1) % how.folds ? "validation" : "train";
}

std::string name_in_set(const fs::path& path) {
  return (path.parent_path().parent_path().filename() / path.filename()).generic_string();
}

Result<void> deal(const Context& context, const LocatorTraining& how,
                  std::vector<Source>& sources) {
  std::vector<fs::path> paths;
  for (const auto& source : sources) paths.push_back(source.path);
  BC_ASSIGN(const auto found, data::find_families(context, paths, {}));
  std::map<std::string, std::string> family_of;
  for (const auto& member : found.members) family_of[member.file] = member.family;
  for (auto& source : sources) {
    const bool is_left_out =
        std::find(how.left_out.begin(), how.left_out.end(), source.field.set) != how.left_out.end();
    const auto& family = family_of.at(source.path.generic_string());
    source.field.part = is_left_out ? "test" : part_of(name_in_set(family), how);
  }
  return {};
}

}  // namespace

Result<std::vector<Field>> load_fields(const Context& context, const LocatorTraining& how) {
  std::vector<Source> sources;
  for (const auto& folder : how.sets) {
    BC_ASSIGN(auto more, list_set(folder, context.limits));
    sources.insert(sources.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
  }
  BC_CHECK(read_pictures(context, sources));
  BC_CHECK(deal(context, how, sources));
  std::vector<Field> fields;
  for (auto& source : sources) fields.push_back(std::move(source.field));
  return fields;
}

}  // namespace bloodcell::train
