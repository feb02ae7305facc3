#include <bloodcell/locate/shown.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bloodcell::locate {
namespace {

using smear::CellBox;
using smear::Kind;

CellBox cell(Kind kind, double x, double y, double side, bool is_cut = false) {
  return {kind, x, y, side, side, 0.9, is_cut};
}

std::vector<CellBox> red_cells(int count) {
  std::vector<CellBox> cells;
  for (int i = 0; i < count; ++i) cells.push_back(cell(Kind::red, 10.0 * i, 5, 30));
  return cells;
}

TEST(Shown, ACellFillingTheMiddleOfASquarePictureIsOneCell) {
  const auto shown = what_is_shown(std::vector{cell(Kind::white, 45, 40, 95)}, 180, 180);
  EXPECT_TRUE(shown.is_one_cell);
  ASSERT_EQ(shown.cells.size(), 1U);
  EXPECT_EQ(shown.cells[0].x, 45);
}

TEST(Shown, AFieldHasAnotherShapeOrManyRedCellsOrACellElsewhere) {
  const std::vector white{cell(Kind::white, 230, 160, 190)};
  EXPECT_FALSE(what_is_shown(white, 640, 480).is_one_cell);
  auto crowded = red_cells(18);
  crowded.push_back(cell(Kind::white, 88, 88, 80));
  EXPECT_FALSE(what_is_shown(crowded, 256, 256).is_one_cell);
  EXPECT_FALSE(what_is_shown(std::vector{cell(Kind::white, 0, 0, 90)}, 256, 256).is_one_cell);
}

TEST(Shown, AFieldIsLargerThanAPictureOfOneCell) {
  EXPECT_FALSE(what_is_shown(std::vector{cell(Kind::white, 190, 190, 195)}, 575, 575).is_one_cell);
}

TEST(Shown, TwoWholeWhiteCellsAreAField) {
  const std::vector two{cell(Kind::white, 60, 60, 90), cell(Kind::white, 160, 160, 60)};
  EXPECT_FALSE(what_is_shown(two, 240, 240).is_one_cell);
  const std::vector neighbour{cell(Kind::white, 60, 60, 90), cell(Kind::white, 200, 200, 60, true)};
  EXPECT_TRUE(what_is_shown(neighbour, 240, 240).is_one_cell);
}

TEST(Shown, APlateletAtTheMiddleOfASquareIsOneCellAmongManyRedOnes) {
  auto cells = red_cells(14);
  cells.push_back(cell(Kind::platelet, 80, 82, 20));
  EXPECT_TRUE(what_is_shown(cells, 180, 180).is_one_cell);
  cells.back().x = 20;
  EXPECT_FALSE(what_is_shown(cells, 180, 180).is_one_cell);
}

TEST(Shown, ATinyPictureIsOneCellThoughNothingWasFound) {
  const auto shown = what_is_shown({}, 28, 28);
  EXPECT_TRUE(shown.is_one_cell);
  EXPECT_TRUE(shown.cells.empty());
}

TEST(Shown, CellsOfAFieldComeInReadingOrderAndRedCellsAreLeftOut) {
  auto cells = red_cells(3);
  cells.push_back(cell(Kind::white, 10, 300, 60));
  cells.push_back(cell(Kind::white, 400, 20, 60));
  cells.push_back(cell(Kind::platelet, 300, 200, 15));
  const auto shown = what_is_shown(cells, 640, 480);
  ASSERT_EQ(shown.cells.size(), 2U);
  EXPECT_EQ(shown.cells[0].y, 20);
  EXPECT_EQ(shown.cells[1].y, 300);
}

TEST(CellMeant, IsTheLargeOneNearTheMiddle) {
  const std::vector cells{cell(Kind::white, 0, 0, 60), cell(Kind::white, 70, 70, 60),
                          cell(Kind::platelet, 90, 90, 10)};
  EXPECT_EQ(cell_meant(cells, 200, 200)->x, 70);
}

TEST(CellMeant, IsAPlateletWhereThereIsNoWhiteCell) {
  auto cells = red_cells(4);
  EXPECT_FALSE(cell_meant(cells, 100, 100));
  cells.push_back(cell(Kind::platelet, 40, 40, 20));
  EXPECT_EQ(cell_meant(cells, 100, 100)->kind, Kind::platelet);
}

}  // namespace
}  // namespace bloodcell::locate
