#include <bloodcell/smear/plausible.hpp>

#include <bloodcell/test/support.hpp>

namespace bloodcell::smear {
namespace {

CellBox cell(Kind kind, double x, double y, double side, double score = 0.9) {
  CellBox box{.kind = kind};
  box.x = x;
  box.y = y;
  box.width = side;
  box.height = side;
  box.score = score;
  return box;
}

std::vector<CellBox> red_cells(int count, bool cut = false) {
  std::vector<CellBox> cells;
  for (int i = 0; i < count; ++i) {
    cells.push_back(cell(Kind::red, 500.0 + 120 * i, 500, 100));
    cells.back().is_cut = cut;
  }
  return cells;
}

std::vector<Kind> kinds_beside_red(const std::vector<CellBox>& cells) {
  std::vector<Kind> kinds;
  for (const auto& box : cells) {
    if (box.kind != Kind::red) kinds.push_back(box.kind);
  }
  return kinds;
}

std::vector<Kind> after(std::vector<CellBox> cells, const std::vector<CellBox>& more) {
  cells.insert(cells.end(), more.begin(), more.end());
  keep_plausible(cells);
  return kinds_beside_red(cells);
}

TEST(Plausible, AWhiteCellMuchSmallerThanRedOnesIsAPlatelet) {
  EXPECT_EQ(after({cell(Kind::white, 0, 0, 70)}, red_cells(5)), std::vector{Kind::platelet});
  EXPECT_EQ(after({cell(Kind::white, 0, 0, 80)}, red_cells(5)), std::vector{Kind::white});
}

TEST(Plausible, FewOrCutRedCellsTellNothing) {
  EXPECT_EQ(after({cell(Kind::white, 0, 0, 70)}, red_cells(4)), std::vector{Kind::white});
  EXPECT_EQ(after({cell(Kind::white, 0, 0, 70)}, red_cells(9, true)), std::vector{Kind::white});
}

TEST(Plausible, APlateletIsNotCountedTwice) {
  EXPECT_EQ(after({cell(Kind::platelet, 0, 0, 70), cell(Kind::white, 5, 5, 70)}, red_cells(5)),
            std::vector{Kind::platelet});
}

TEST(Plausible, APartOfAWhiteCellIsNoCellThoughItIsSurer) {
  std::vector<CellBox> cells{cell(Kind::white, 0, 0, 90, 0.9), cell(Kind::white, 40, 0, 100, 0.6)};
  keep_plausible(cells);
  ASSERT_EQ(cells.size(), 1U);
  EXPECT_EQ(cells[0].x, 40);
}

TEST(Plausible, TouchingWhiteCellsStay) {
  std::vector<CellBox> cells{cell(Kind::white, 0, 0, 100, 0.6), cell(Kind::white, 60, 0, 100, 0.9),
                             cell(Kind::red, 20, 0, 100, 0.95)};
  keep_plausible(cells);
  EXPECT_EQ(cells.size(), 3U);
}

TEST(Plausible, NothingIsNothing) {
  std::vector<CellBox> cells;
  keep_plausible(cells);
  EXPECT_TRUE(cells.empty());
}

}  // namespace
}  // namespace bloodcell::smear
