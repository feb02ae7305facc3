#include <bloodcell/smear/plausible.hpp>

#include <algorithm>
#include <cmath>

namespace bloodcell::smear {

namespace {

constexpr double kWithin = 0.45;  // of the smaller box
constexpr std::size_t kEnoughRed = 5;
constexpr double kLeastSide = 0.78;    // of a red cell's
constexpr double kSamePlatelet = 0.3;  // overlap

double area_of(const CellBox& cell) { return cell.width * cell.height; }

double share_within(const CellBox& a, const CellBox& b) {
  const double width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
  const double height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  const double smaller = std::min(area_of(a), area_of(b));
  return width > 0 && height > 0 && smaller > 0 ? width * height / smaller : 0;
}

void drop_whites_within_whites(std::vector<CellBox>& cells) {
  std::vector<bool> is_double(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    for (std::size_t k = 0; k < cells.size() && !is_double[i]; ++k) {
      is_double[i] = k != i && cells[i].kind == Kind::white && cells[k].kind == Kind::white &&
                     area_of(cells[k]) > area_of(cells[i]) &&
                     share_within(cells[i], cells[k]) >= kWithin;
    }
  }
  std::size_t place = 0;
  std::erase_if(cells, [&](const auto&) { return is_double[place++]; });
}

// 0 when too few red cells tell.
double side_of_red_cells(const std::vector<CellBox>& cells) {
  std::vector<double> sides;
  for (const auto& cell : cells) {
    if (cell.kind == Kind::red && !cell.is_cut) sides.push_back(std::sqrt(area_of(cell)));
  }
  if (sides.size() < kEnoughRed) return 0;
  const auto middle = sides.begin() + static_cast<std::ptrdiff_t>(sides.size() / 2);
  std::nth_element(sides.begin(), middle, sides.end());
  return *middle;
}

}  // namespace

void keep_plausible(std::vector<CellBox>& cells) {
  drop_whites_within_whites(cells);
  const double least_side = kLeastSide * side_of_red_cells(cells);
  const auto is_too_small = [&](const CellBox& cell) {
    return cell.kind == Kind::white && area_of(cell) < least_side * least_side;
  };
  const auto is_known_platelet = [&](const CellBox& cell) {
    return std::any_of(cells.begin(), cells.end(), [&](const auto& other) {
      return other.kind == Kind::platelet && overlap_of(cell, other) > kSamePlatelet;
    });
  };
  std::vector<CellBox> kept;
  for (CellBox cell : cells) {
    if (is_too_small(cell)) {
      if (is_known_platelet(cell)) continue;
      cell.kind = Kind::platelet;
    }
    kept.push_back(cell);
  }
  cells = std::move(kept);
}

}  // namespace bloodcell::smear
