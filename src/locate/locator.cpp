#include <bloodcell/locate/locator.hpp>

#include <algorithm>
#include <utility>

#include <bloodcell/image/frame.hpp>
#include <bloodcell/locate/shown.hpp>
#include <bloodcell/smear/plausible.hpp>

namespace bloodcell::locate {

namespace {

constexpr int kGlanceSide = 64;      // px of a small input: a cell comes to lie as in a field
constexpr double kEdgeShare = 0.02;  // of the cell's side: as near as this is on the edge
constexpr int kDarkest = 12;         // what is darker in all channels is no smear
constexpr double kDarkShare = 0.02;  // of a box: as much black means that the cell is cut

bool touches_black(const image::Image& picture, const smear::CellBox& cell) {
  constexpr int kSteps = 24;
  int dark = 0;
  for (int row = 0; row < kSteps; ++row) {
    for (int column = 0; column < kSteps; ++column) {
      const auto x = static_cast<int>(cell.x + (column + 0.5) / kSteps * cell.width);
      const auto y = static_cast<int>(cell.y + (row + 0.5) / kSteps * cell.height);
      const auto pixel = picture.at(std::clamp(x, 0, picture.width_px - 1),
                                    std::clamp(y, 0, picture.height_px - 1));
      dark += std::max({pixel[0], pixel[1], pixel[2]}) <= kDarkest ? 1 : 0;
    }
  }
  return dark > kDarkShare * kSteps * kSteps;
}

// From pixels of the input to pixels of the picture, cut to it.
smear::CellBox in_picture(smear::CellBox cell, const image::Image& picture,
                          const image::Box& place) {
  const double scale_x = static_cast<double>(picture.width_px) / place.width;
  const double scale_y = static_cast<double>(picture.height_px) / place.height;
  const double left = (cell.x - place.x) * scale_x;
  const double top = (cell.y - place.y) * scale_y;
  const double right = left + cell.width * scale_x;
  const double bottom = top + cell.height * scale_y;
  const double near_x = kEdgeShare * (right - left);
  const double near_y = kEdgeShare * (bottom - top);
  cell.is_cut = left <= near_x || top <= near_y || right >= picture.width_px - near_x ||
                bottom >= picture.height_px - near_y;
  cell.x = std::clamp(left, 0.0, static_cast<double>(picture.width_px));
  cell.y = std::clamp(top, 0.0, static_cast<double>(picture.height_px));
  cell.width = std::clamp(right, 0.0, static_cast<double>(picture.width_px)) - cell.x;
  cell.height = std::clamp(bottom, 0.0, static_cast<double>(picture.height_px)) - cell.y;
  return cell;
}

Result<void> check_kinds(const model_file::Description& description) {
  const bool fits = description.task == graph::Task::locate &&
                    std::equal(description.labels.begin(), description.labels.end(),
                               smear::kKindNames.begin(), smear::kKindNames.end()) &&
                    description.preprocessing.fit == image::Fit::letterbox;
  if (fits) return {};
  return fail(ErrorCode::usage, fmt::format("`{}` does not find cells", description.name), {},
              "give a model made by bloodcell train-locator");
}

}  // namespace

Locator::Locator(model_file::Description description, infer::Session session, double min_score)
    : description_(std::move(description)), session_(std::move(session)), min_score_(min_score) {}

Result<Locator> Locator::open(const model_file::ModelFile& model, const LocatorOptions& options) {
  BC_CHECK(check_kinds(model.description));
  const double min_score =
      options.min_score < 0 ? model.description.min_confidence : options.min_score;
  if (!(min_score <= 1)) {
    return fail(ErrorCode::usage, fmt::format("a least score of {}, must be 0 to 1", min_score));
  }
  const bool is_int8 = options.precision == infer::Precision::int8;
  const auto precision = is_int8 ? infer::Precision::automatic : options.precision;
  BC_ASSIGN(auto session, infer::Session::open(model, {.threads = options.threads,
                                                       .precision = precision,
                                                       .cache_folder = options.cache_folder,
                                                       .other_size = {kGlanceSide, kGlanceSide}}));
  return Locator(model.description, std::move(session), min_score);
}

Result<std::vector<smear::CellBox>> Locator::locate(const image::Image& picture) const {
  return locate(picture, description_.preprocessing);
}

Result<std::vector<smear::CellBox>> Locator::glance(const image::Image& picture) const {
  auto how = description_.preprocessing;
  how.width_px = kGlanceSide;
  how.height_px = kGlanceSide;
  return locate(picture, how);
}

Result<std::vector<smear::CellBox>> Locator::locate(const image::Image& picture,
                                                    const image::Preprocessing& how) const {
  auto buffer = inputs_->take(how.input_values());
  const auto input = buffer.first(how.input_values());
  image::preprocess(image::whole_frame(picture, how), how, input);
  const bool is_whole = how == description_.preprocessing;
  BC_ASSIGN(const auto maps, is_whole ? session_.run(input, 1) : session_.run_other_size(input));
  const smear::MapSize size{how.height_px / graph::kLocatorStride,
                            how.width_px / graph::kLocatorStride, graph::kLocatorStride};
  if (maps.size() != (smear::kKinds + smear::kBoxMaps) * size.places()) {
    return fail(ErrorCode::mismatch,
                fmt::format("the locator gives {} values for an input of {} × {}", maps.size(),
                            how.width_px, how.height_px));
  }
  auto cells = smear::cells_of(maps, size, {min_score_, min_score_, min_score_});
  const auto place = image::letterbox_place(picture.width_px, picture.height_px, how);
  for (auto& cell : cells) {
    cell = in_picture(cell, picture, place);
    cell.is_cut = cell.is_cut || touches_black(picture, cell);
  }
  std::erase_if(cells, [](const auto& cell) { return cell.width < 1 || cell.height < 1; });
  if (!what_is_shown(cells, picture.width_px, picture.height_px).is_one_cell) {
    smear::keep_plausible(cells);
  }
  return cells;
}

}  // namespace bloodcell::locate
