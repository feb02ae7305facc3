#include <bloodcell/differential/differential.hpp>

#include <bloodcell/test/support.hpp>

namespace bloodcell::differential {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> kLabels{"erythroblast", "lymphocyte", "monocyte", "neutrophil"};

TEST(Differential, CountsWhiteCellsAndLeavesOthersBeside) {
  const auto done = differentiate({kLabels, {4, 30, 10, 60}, 5, 12}, {});
  ASSERT_OK(done);
  EXPECT_EQ(done->white, 100U);
  ASSERT_EQ(done->classes.size(), 3U);
  EXPECT_EQ(done->classes[2].label, "neutrophil");
  EXPECT_EQ(done->classes[2].share, 0.6);
  // Rümke's table, 100 cells: 60 % is 50 to 70.
  EXPECT_NEAR(done->classes[2].interval.low, 0.50, 0.006);
  EXPECT_NEAR(done->classes[2].interval.high, 0.70, 0.006);
  EXPECT_FALSE(done->classes[2].corrected.has_value());
  EXPECT_EQ(done->others[0].per_100_white, 4);
  EXPECT_EQ(done->unidentified, 5U);
  EXPECT_TRUE(done->warnings.empty());
}

TEST(Differential, WarnsOfFewCellsAndOfManyUnidentified) {
  const auto done = differentiate({kLabels, {0, 30, 9, 60}, 20, 3}, {});
  ASSERT_EQ(done->warnings.size(), 2U);
  EXPECT_THAT(done->warnings[0], HasSubstr("Only 99"));
  EXPECT_THAT(done->warnings[1], HasSubstr("20 of 119"));
}

TEST(Differential, OutsideTheRangeOnlyIfTheWholeIntervalIs) {
  Settings settings;
  settings.ranges = {{"lymphocyte", 20, 42}, {"monocyte", 2, 9}, {"neutrophil", 75, 80}};
  const auto done = differentiate({kLabels, {0, 30, 10, 60}, 0, 1}, settings);
  EXPECT_EQ(done->classes[0].placed, Placed::within);   // 30 %, 21 to 40
  EXPECT_EQ(done->classes[1].placed, Placed::unclear);  // 10 %, but 5 to 18
  EXPECT_EQ(done->classes[2].placed, Placed::below);    // 50 to 70
  EXPECT_THAT(to_csv(*done), HasSubstr("neutrophil,60,60.00,"));
  EXPECT_THAT(to_csv(*done), HasSubstr(",75,80,below"));
}

// 50 of 100 neutrophils are 40 to 60 %: in a range of 55 to 70 the count says neither.
TEST(Differential, IsNotWithinARangeThatItsIntervalOnlyTouches) {
  Settings settings;
  settings.ranges = {{"lymphocyte", 38, 62}, {"neutrophil", 55, 70}};
  const auto done = differentiate({kLabels, {0, 50, 0, 50}, 0, 1}, settings);
  EXPECT_EQ(done->classes[0].placed, Placed::within);
  EXPECT_EQ(done->classes[2].placed, Placed::unclear);
  EXPECT_THAT(to_csv(*done), HasSubstr(",55,70,unclear"));
}

TEST(Differential, EstimatesFromWhatLiesInTheFields) {
  Settings settings;
  settings.red_per_litre = 5.0;
  const auto done = differentiate({kLabels, {0, 6, 0, 3}, 1, 2, {900, 1100}, {80, 120}}, settings);
  ASSERT_OK(done);
  ASSERT_TRUE(done->estimates.has_value());
  EXPECT_EQ(done->estimates->red.mean, 1000);
  EXPECT_EQ(done->estimates->red.fewest, 900U);
  EXPECT_EQ(done->estimates->platelets.most, 120U);
  EXPECT_DOUBLE_EQ(done->estimates->white_per_1000_red, 5);        // 10 of 2000
  EXPECT_DOUBLE_EQ(done->estimates->platelets_per_1000_red, 100);  // 200 of 2000
  EXPECT_DOUBLE_EQ(*done->estimates->white_per_litre, 25);
  EXPECT_DOUBLE_EQ(*done->estimates->platelets_per_litre, 500);
  EXPECT_FALSE(differentiate({kLabels, {0, 6, 0, 3}, 1, 2}, settings)->estimates.has_value());
  const auto no_red = differentiate({kLabels, {0, 6, 0, 3}, 1, 1, {0}, {7}}, settings);
  EXPECT_FALSE(no_red->estimates->white_per_litre.has_value());
}

TEST(Correction, UndoesAKnownConfusion) {
  // Rogan and Gladen: sensitivity 0.9, specificity 0.8, apparent 0.41 -> (0.41 − 0.2) / 0.7 = 0.3.
  const auto shares = corrected_shares({59, 41}, {{0.8, 0.2}, {0.1, 0.9}});
  EXPECT_NEAR(shares[1], 0.3, 1e-6);
  EXPECT_NEAR(shares[0] + shares[1], 1, 1e-12);
}

TEST(Correction, StaysWithinItsBoundsWhereTheInverseWouldNot) {
  const auto shares = corrected_shares({95, 5}, {{0.8, 0.2}, {0.1, 0.9}});
  EXPECT_NEAR(shares[1], 0, 1e-3);  // the inverse says −0.21
  EXPECT_GE(shares[1], 0);
  EXPECT_EQ(corrected_shares({0, 0}, {{1, 0}, {0, 1}})[0], 0);
}

TEST(Differential, CorrectsWithAnIntervalAroundIt) {
  const metrics::ConfusionMatrix confusion{
      {{50, 0, 0, 0}, {0, 90, 10, 0}, {0, 20, 80, 0}, {0, 0, 0, 100}}};
  const auto done = differentiate({kLabels, {3, 100, 50, 150}, 0, 9}, {}, confusion);
  ASSERT_OK(done);
  // Lymphocytes l and monocytes m of 300: 0.9 l + 0.2 m = 100, 0.1 l + 0.8 m = 50.
  const double m = (50.0 - 100.0 / 9) / (0.8 - 0.2 / 9);
  EXPECT_NEAR(*done->classes[1].corrected, m / 300, 1e-4);
  EXPECT_LT(done->classes[1].corrected_interval.low, m / 300);
  EXPECT_GT(done->classes[1].corrected_interval.high, m / 300);
  EXPECT_GT(done->classes[1].corrected_interval.low, 0.08);
}

TEST(Differential, OfNoCellsIsAWarningNotAFigure) {
  const auto done = differentiate({kLabels, {0, 0, 0, 0}, 0, 0}, {});
  ASSERT_OK(done);
  EXPECT_EQ(done->classes[0].share, 0);
  EXPECT_EQ(done->classes[0].interval.high, 1);
  EXPECT_FALSE(done->warnings.empty());
}

TEST(Differential, RefusesCountsThatDoNotFit) {
  EXPECT_ERROR(differentiate({kLabels, {1, 2}, 0, 1}, {}), ErrorCode::mismatch);
  EXPECT_ERROR(differentiate({{"platelet"}, {2}, 0, 1}, {}), ErrorCode::usage);
}

}  // namespace
}  // namespace bloodcell::differential
