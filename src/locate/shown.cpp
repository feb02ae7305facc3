#include <bloodcell/locate/shown.hpp>

#include <algorithm>
#include <cmath>

namespace bloodcell::locate {

namespace {

using smear::CellBox;
using smear::Kind;

constexpr int kSmallestField = 72;    // px of the shorter side
constexpr double kSquare = 1.25;      // longer to shorter side of a picture of one cell
constexpr double kLeastFilled = 0.3;  // of the shorter side by the cell's longer one
constexpr double kMiddle = 0.2;       // of each side: as far from the middle the centre may be
constexpr int kMostRedCells = 9;      // whole ones beside a single cell

struct Picture {
  double width = 0;
  double height = 0;
  [[nodiscard]] double shorter() const { return std::min(width, height); }
  [[nodiscard]] bool is_square() const { return std::max(width, height) <= kSquare * shorter(); }
  // 0 at the middle, 1 at the middle of an edge.
  [[nodiscard]] double off_middle(const CellBox& cell) const {
    return std::max(std::abs(2 * (cell.x + cell.width / 2) / width - 1),
                    std::abs(2 * (cell.y + cell.height / 2) / height - 1));
  }
};

double longer_side(const CellBox& cell) { return std::max(cell.width, cell.height); }

int count_whole(std::span<const CellBox> cells, Kind kind) {
  return static_cast<int>(std::count_if(cells.begin(), cells.end(), [kind](const auto& cell) {
    return cell.kind == kind && !cell.is_cut;
  }));
}

bool is_one_cell(std::span<const CellBox> located, const std::optional<CellBox>& meant,
                 const Picture& picture) {
  if (picture.shorter() < kSmallestField) return true;
  if (!picture.is_square() || count_whole(located, Kind::red) > kMostRedCells) return false;
  if (!meant) return true;
  const bool others =
      count_whole(located, Kind::white) > (meant->kind == Kind::white && !meant->is_cut ? 1 : 0);
  return !others && picture.off_middle(*meant) <= 2 * kMiddle &&
         longer_side(*meant) >= kLeastFilled * picture.shorter();
}

}  // namespace

std::optional<CellBox> cell_meant(std::span<const CellBox> located, int width_px, int height_px) {
  const Picture picture{static_cast<double>(width_px), static_cast<double>(height_px)};
  const auto weight = [&](const CellBox& cell) {
    const double nearness = 1.2 - std::min(1.0, picture.off_middle(cell));
    return longer_side(cell) * nearness * cell.score;
  };
  for (const Kind kind : {Kind::white, Kind::platelet}) {
    const CellBox* best = nullptr;
    for (const auto& cell : located) {
      if (cell.kind == kind && (best == nullptr || weight(cell) > weight(*best))) best = &cell;
    }
    if (best != nullptr) return *best;
  }
  return std::nullopt;
}

Shown what_is_shown(std::span<const CellBox> located, int width_px, int height_px) {
  const auto meant = cell_meant(located, width_px, height_px);
  const Picture picture{static_cast<double>(width_px), static_cast<double>(height_px)};
  Shown shown;
  shown.is_one_cell = is_one_cell(located, meant, picture);
  if (shown.is_one_cell) {
    if (meant) shown.cells.push_back(*meant);
    return shown;
  }
  std::copy_if(located.begin(), located.end(), std::back_inserter(shown.cells),
               [](const auto& cell) { return cell.kind == Kind::white; });
  std::stable_sort(shown.cells.begin(), shown.cells.end(), [](const auto& a, const auto& b) {
    return a.y + a.height / 2 < b.y + b.height / 2;
  });
  return shown;
}

}  // namespace bloodcell::locate
