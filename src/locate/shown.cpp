#include <bloodcell/locate/shown.hpp>

#include <algorithm>
#include <cmath>

namespace bloodcell::locate {

namespace {

using smear::CellBox;
using smear::Kind;

constexpr int kSmallestField = 72;    // px of the shorter side
constexpr int kLargestCrop = 400;     // px of the longer side of a picture of one cell
constexpr double kSquare = 1.25;      // longer to shorter side of such a picture
constexpr double kMiddle = 0.2;       // off the middle: a cell that the picture was cut about
constexpr double kNearMiddle = 0.4;   // … or, when it fills more of it
constexpr double kLeastFilled = 0.3;  // of the shorter side by the cell's longer one, at the middle
constexpr double kWellFilled = 0.4;   // … near it
constexpr double kHardlyBeside = 0.45;  // so large at the middle that neighbours do not matter
constexpr double kNeighbour = 0.6;  // of the cell's side: as large a white cell stands beside it
constexpr int kMostRedCells = 14;   // whole ones beside a cell at the middle

struct Picture {
  double width = 0;
  double height = 0;
  [[nodiscard]] double shorter() const { return std::min(width, height); }
  [[nodiscard]] double longer() const { return std::max(width, height); }
  [[nodiscard]] bool is_square() const { return longer() <= kSquare * shorter(); }
  [[nodiscard]] bool may_be_a_crop() const { return is_square() && longer() <= kLargestCrop; }
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

bool has_neighbour(std::span<const CellBox> located, const CellBox& meant) {
  return std::any_of(located.begin(), located.end(), [&](const auto& cell) {
    const bool is_itself = cell.x == meant.x && cell.y == meant.y;
    return cell.kind == Kind::white && !cell.is_cut && !is_itself &&
           longer_side(cell) > kNeighbour * longer_side(meant);
  });
}

bool is_one_cell(std::span<const CellBox> located, const std::optional<CellBox>& meant,
                 const Picture& picture) {
  if (picture.shorter() < kSmallestField) return true;
  if (!picture.may_be_a_crop()) return false;
  const int red = count_whole(located, Kind::red);
  if (!meant) return red <= kMostRedCells;
  const double off = picture.off_middle(*meant);
  if (meant->kind == Kind::platelet) return off <= kMiddle;
  const double filled = longer_side(*meant) / picture.shorter();
  const bool is_large = filled > kHardlyBeside && off <= kMiddle;
  if (has_neighbour(located, *meant) && !is_large) return false;
  return (off <= kMiddle && filled >= kLeastFilled && red <= kMostRedCells) ||
         (off <= kNearMiddle && filled >= kWellFilled);
}

}  // namespace

bool may_be_one_cell(int width_px, int height_px) {
  const Picture picture{static_cast<double>(width_px), static_cast<double>(height_px)};
  return picture.shorter() < kSmallestField || picture.may_be_a_crop();
}

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
