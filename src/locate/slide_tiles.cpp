#include <bloodcell/locate/slide_tiles.hpp>

#include <cmath>

namespace bloodcell::locate {

namespace {

constexpr double kOverlapShare = 1.0 / 3;  // of the input's shorter side: 19 µm at 192 px
constexpr double kNearShare = 1.0 / 4;     // of the overlap: how far two tiles may disagree
constexpr double kSameCell = 0.45;         // of the box: as far middles of one cell lie apart

struct Point {
  double x = 0;
  double y = 0;
};

Point middle_of(const smear::CellBox& cell) {
  return {cell.x + cell.width / 2, cell.y + cell.height / 2};
}

bool is_inside(const Point& point, const image::Box& box, double grown) {
  return point.x >= box.x - grown && point.x < box.x + box.width + grown &&
         point.y >= box.y - grown && point.y < box.y + box.height + grown;
}

bool is_same_cell(const smear::CellBox& a, const smear::CellBox& b) {
  const Point of_a = middle_of(a);
  const Point of_b = middle_of(b);
  return a.kind == b.kind && std::abs(of_a.x - of_b.x) < kSameCell * std::max(a.width, b.width) &&
         std::abs(of_a.y - of_b.y) < kSameCell * std::max(a.height, b.height);
}

}  // namespace

// Evenly spread, so that only neighbours meet.
int TilePlan::Axis::begin(std::size_t i) const {
  if (count == 1) return 0;
  const auto beyond = static_cast<std::uint64_t>(length - side);
  return static_cast<int>(i * beyond / (count - 1));
}

int TilePlan::Axis::border(std::size_t i) const {
  if (i == 0) return 0;
  if (i == count) return length;
  return begin(i) + (begin(i - 1) + side - begin(i)) / 2;
}

TilePlan::Axis TilePlan::axis(int length, double side, double overlap) {
  Axis axis;
  axis.length = length;
  axis.side = std::min(length, static_cast<int>(std::lround(side)));
  const int step = std::max(1, static_cast<int>(std::lround(side - overlap)));
  const int beyond = length - axis.side;
  axis.count = 1 + static_cast<std::size_t>((std::int64_t{beyond} + step - 1) / step);
  return axis;
}

Result<TilePlan> TilePlan::make(int width_px, int height_px, std::optional<double> slide_um_per_px,
                                const image::Preprocessing& locator, const SlideOptions& options) {
  const auto um_per_px = options.um_per_px ? options.um_per_px : slide_um_per_px;
  if (!um_per_px) {
    return fail(ErrorCode::usage, "the slide does not say how large its pixels are", {},
                "give their side in micrometres by --slide-um-per-px");
  }
  const double px = kUmPerInputPx / *um_per_px;  // of the slide for one of the input
  if (px < 0.125) {
    return fail(ErrorCode::usage, fmt::format("pixels of {} µm show no cells", *um_per_px), {},
                "give a slide scanned at 20 times or more");
  }
  const double overlap = px * kOverlapShare * std::min(locator.width_px, locator.height_px);
  TilePlan plan;
  plan.um_per_px_ = *um_per_px;
  plan.near_ = overlap * kNearShare;
  plan.shared_ = overlap;
  plan.across_ = axis(width_px, px * locator.width_px, overlap);
  plan.down_ = axis(height_px, px * locator.height_px, overlap);
  if (plan.columns() > options.max_tiles / plan.rows()) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("a slide of {} x {} tiles, more than the limit of {}", plan.columns(),
                            plan.rows(), options.max_tiles),
                {}, "raise --max-slide-tiles if you trust it");
  }
  return plan;
}

Tile TilePlan::at(std::size_t tile) const {
  const std::size_t column = tile % columns();
  const std::size_t row = tile / columns();
  const int left = across_.border(column);
  const int top = down_.border(row);
  return {{across_.begin(column), down_.begin(row), across_.side, down_.side},
          {left, top, across_.border(column + 1) - left, down_.border(row + 1) - top}};
}

bool TilePlan::is_cut_by(const Tile& tile, const smear::CellBox& cell) const {
  constexpr double kTouches_px = 0.5;
  const auto& [x, y, width, height] = tile.place;
  return (x > 0 && cell.x < x + kTouches_px) || (y > 0 && cell.y < y + kTouches_px) ||
         (x + width < across_.length && cell.x + cell.width > x + width - kTouches_px) ||
         (y + height < down_.length && cell.y + cell.height > y + height - kTouches_px);
}

bool TilePlan::is_within(const Tile& tile, const smear::CellBox& cell) const {
  return is_inside(middle_of(cell), tile.core, is_cut_by(tile, cell) ? 0 : near_);
}

bool TilePlan::is_near_border(const Tile& tile, const smear::CellBox& cell) const {
  return !is_inside(middle_of(cell), tile.core, -shared_);
}

smear::CellBox in_slide(smear::CellBox cell, const Tile& tile) {
  cell.x += tile.place.x;
  cell.y += tile.place.y;
  return cell;
}

bool CellsOnce::takes(std::size_t tile, const smear::CellBox& cell) {
  const Tile here = plan_.at(tile);
  if (!plan_.is_within(here, cell)) return false;
  if (!plan_.is_near_border(here, cell)) return true;
  const std::size_t columns = plan_.columns();
  const std::size_t row = tile / columns;
  const std::size_t column = tile % columns;
  if (row > row_) {
    std::erase_if(border_, [&](const auto& of) { return of.first / columns + 1 < row; });
    row_ = row;
  }
  const auto shows = [&](std::size_t other) {
    const auto found = border_.find(other);
    return found != border_.end() &&
           std::any_of(found->second.begin(), found->second.end(),
                       [&](const auto& there) { return is_same_cell(there, cell); });
  };
  const bool has_left = column > 0;
  const bool has_above = row > 0;
  const bool is_again = (has_left && shows(tile - 1)) || (has_above && shows(tile - columns)) ||
                        (has_left && has_above && shows(tile - columns - 1)) ||
                        (has_above && column + 1 < columns && shows(tile - columns + 1));
  if (!is_again) border_[tile].push_back(cell);
  return !is_again;
}

}  // namespace bloodcell::locate
