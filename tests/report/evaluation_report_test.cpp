#include <bloodcell/report/evaluation_report.hpp>

#include <bloodcell/report/curve_svg.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Two classes; files 0 … 9, every second of class b, one b called a.
JudgedModel judged() {
  JudgedModel model;
  model.model = "<model>";
  model.data = "cells";
  model.table.labels = {"a", "b"};
  for (int i = 0; i < 10; ++i) {
    const int truth = i % 2;
    const double p_of_b = i == 5 ? 0.2 : truth == 1 ? 0.9 : 0.1;
    model.table.rows.push_back({std::to_string(i),
                                "family" + std::to_string(i),
                                truth,
                                {1 - p_of_b, p_of_b},
                                i < 5 ? "north" : "south"});
  }
  model.report = metrics::evaluate(model.table, 1, 50);
  model.sources = metrics::figures_by_source(model.table, 1, 50);
  model.mistakes = {{5, image::Image(8, 8)}};
  model.samples = {{0, image::Image(8, 8)}};
  return model;
}

TEST(EvaluationReport, SaysTheFiguresAndThatItIsForResearch) {
  const auto page = page_of(judged());
  ASSERT_OK(page);
  EXPECT_THAT(*page, HasSubstr("For research use only"));
  EXPECT_THAT(*page, HasSubstr("90.0 %"));  // nine of ten
  EXPECT_THAT(*page, HasSubstr("b, called a at 80.0 % (5)"));
  EXPECT_THAT(*page, HasSubstr("south"));
  EXPECT_THAT(*page, Not(HasSubstr("<model>")));
}

TEST(EvaluationReport, ComparesAndShowsLearningOnlyWhenGiven) {
  auto model = judged();
  EXPECT_THAT(*page_of(model), Not(HasSubstr("McNemar")));
  model.comparison = *metrics::compare(model.table, model.table, 1, 50);
  model.reference = "before.csv";
  model.history = {{1, 0.9, 0.5, 1.1, 0.4}, {2, 0.5, 0.8, 0.7, 0.7}};
  const auto page = page_of(model);
  EXPECT_THAT(*page, HasSubstr("Against before.csv"));
  EXPECT_THAT(*page, HasSubstr("Learning"));
  EXPECT_EQ(plots_of(model).size(), plots_of(judged()).size() + 2);
}

TEST(EvaluationReport, JsonAndCsvHoldTheAreas) {
  const auto document = curves_to_json(judged());
  // Of the 25 pairs the b at 0.2 still lies above the five a at 0.1.
  EXPECT_EQ(document["classes"][1]["roc_auc"], 1);
  EXPECT_EQ(document["sources"].size(), 2U);
  EXPECT_THAT(classes_to_csv(judged()), HasSubstr("b,5,5,1.000000,0.800000,"));
}

TEST(CurveSvg, PlacesValuesInTheFrame) {
  CurvePlot plot{"t", "x", "y"};
  plot.curves = {{"c", {{0, 0}, {0.5, 1}, {1, 2}}}};  // the last is moved to the edge
  // x from 56 to 388, y from 284 (0) to 34 (1).
  EXPECT_THAT(to_svg(plot), HasSubstr("points=\"56.0,284.0 222.0,34.0 388.0,34.0\""));
}

TEST(CurveSvg, ManyPointsAreThinnedWithBothEnds) {
  CurvePlot plot{"t", "x", "y"};
  Curve curve{"c", {}};
  for (int i = 0; i <= 100'000; ++i) curve.points.push_back({i / 1e5, i / 1e5});
  plot.curves = {curve};
  const auto svg = to_svg(plot);
  EXPECT_LT(svg.size(), 20'000U);
  EXPECT_THAT(svg, HasSubstr("388.0,34.0\""));
}

TEST(CurveSvg, AMatrixIsDarkerWhereARowHasMore) {
  const auto svg = to_svg(MatrixPlot{"t", {"<a>", "b"}, {{3, 1}, {0, 0}}, true});
  EXPECT_THAT(svg, HasSubstr("fill-opacity=\"0.450\""));
  EXPECT_THAT(svg, HasSubstr(">75</text>"));
  EXPECT_THAT(svg, Not(HasSubstr("<a>")));
}

TEST(CurvePlots, HaveFeetWithinTheFrame) {
  CurvePlot plot{"t", "x", "y"};
  plot.feet = {{0.5, "963"}};
  EXPECT_THAT(to_svg(plot), HasSubstr("<text x=\"222.0\" y=\"279.0\""));
  EXPECT_THAT(to_svg(plot), HasSubstr(">963</text>"));
}

TEST(CurvePlots, NameChoicesInsteadOfCountingThem) {
  CurvePlot plot{"Optimiser", "optimiser", "macro F1", -0.5, 1.5};
  plot.curves = {{"trial", {{0, 0.2}, {1, 0.4}}, true, false}};
  EXPECT_EQ(to_svg(plot).find(">adamw</text>"), std::string::npos);
  EXPECT_NE(to_svg(plot).find(">0.5</text>"), std::string::npos);
  plot.y_low = 0.1;
  plot.y_high = 0.45;
  plot.x_names = {"adamw", "sgd"};
  const auto named = to_svg(plot);
  EXPECT_NE(named.find(">adamw</text>"), std::string::npos);
  EXPECT_NE(named.find(">sgd</text>"), std::string::npos);
  EXPECT_EQ(named.find(">0.5</text>"), std::string::npos);
}

}  // namespace
}  // namespace bloodcell::report
