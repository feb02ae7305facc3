#include <bloodcell/smear/match.hpp>

#include <bloodcell/test/support.hpp>

namespace bloodcell::smear {
namespace {

TEST(Overlap, OfHandWorkedBoxes) {
  const CellBox a{Kind::white, 0, 0, 10, 10};
  EXPECT_DOUBLE_EQ(overlap_of(a, a), 1);
  EXPECT_DOUBLE_EQ(overlap_of(a, {Kind::red, 5, 0, 10, 10}), 50.0 / 150);
  EXPECT_DOUBLE_EQ(overlap_of(a, {Kind::white, 10, 0, 10, 10}), 0);
  EXPECT_DOUBLE_EQ(overlap_of(a, {Kind::white, 2, 2, 0, 5}), 0);
}

TEST(Match, EachDrawnBoxIsTakenOnce) {
  const std::vector<CellBox> drawn{{Kind::white, 0, 0, 10, 10}};
  const std::vector<CellBox> found{{Kind::white, 1, 0, 10, 10, 0.6},
                                   {Kind::white, 0, 0, 10, 10, 0.9}};
  const auto m = match(found, drawn, Kind::white);
  EXPECT_EQ(m.matched, 1);
  EXPECT_EQ(m.found, 2);
  EXPECT_DOUBLE_EQ(m.recall(), 1);
  EXPECT_DOUBLE_EQ(m.precision(), 0.5);
  EXPECT_DOUBLE_EQ(m.f1(), 2.0 / 3);
}

TEST(Match, CountsOneKindAlone) {
  const std::vector<CellBox> drawn{{Kind::white, 0, 0, 10, 10}, {Kind::red, 50, 0, 10, 10}};
  const std::vector<CellBox> found{{Kind::red, 0, 0, 10, 10}};
  EXPECT_EQ(match(found, drawn, Kind::white).matched, 0);
  EXPECT_EQ(match(found, drawn, Kind::red).drawn, 1);
  EXPECT_EQ(match(found, drawn, Kind::red).matched, 0);
}

TEST(Match, HalfTheUnionIsEnoughAndLessIsNot) {
  const std::vector<CellBox> drawn{{Kind::white, 0, 0, 10, 10}};
  const std::vector<CellBox> half{{Kind::white, 0, 0, 10, 5}};
  const std::vector<CellBox> less{{Kind::white, 0, 0, 10, 4.9}};
  EXPECT_EQ(match(half, drawn, Kind::white).matched, 1);
  EXPECT_EQ(match(less, drawn, Kind::white).matched, 0);
}

TEST(Match, OfNothingIsZeroAndNoError) {
  const auto m = match({}, {}, Kind::white);
  EXPECT_EQ(m.recall() + m.precision() + m.f1(), 0);
}

}  // namespace
}  // namespace bloodcell::smear
