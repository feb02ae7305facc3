#include <bloodcell/report/study_report.hpp>

#include <cmath>
#include <limits>

#include <bloodcell/report/curve_svg.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

SearchedStudy study_of(int trials) {
  SearchedStudy study{"<search>", {"macro F1"}, {tune::Direction::maximize}, {}};
  for (int i = 0; i < trials; ++i) {
    tune::TrialRecord trial;
    trial.number = i;
    trial.state = i % 5 == 4 ? tune::TrialState::pruned : tune::TrialState::complete;
    const double rate = std::pow(10, -5 + 3.0 * (i * 7 % trials) / trials);
    trial.parameters = {
        {"rate", rate, tune::FloatRange{1e-5, 1e-2, true, std::nullopt}},
        {"optimiser", static_cast<double>(i % 2),
         tune::Categories{{tune::Value{std::string("adamw")}, tune::Value{std::string("sgd<")}}}}};
    trial.values = {1 - std::abs(std::log10(rate) + 3.5)};
    trial.reports = {{1, trial.values[0] - 0.1}, {2, std::numeric_limits<double>::quiet_NaN()}};
    trial.started = tune::Time(std::chrono::minutes(i));
    trial.completed = tune::Time(std::chrono::minutes(i + 1));
    study.trials.push_back(trial);
  }
  return study;
}

TEST(StudyReport, HasEveryPlotAndNamesTheBest) {
  const std::string page = page_of(study_of(40), {});
  for (const char* title :
       {"History", "Each trial on its way", "Timeline", "What mattered",
        "The two that mattered most", "Parallel coordinates", "Settings: 1 ", "Every trial"})
    EXPECT_THAT(page, HasSubstr(title));
  EXPECT_THAT(page, HasSubstr("32</"));  // complete trials
  EXPECT_THAT(page, HasSubstr("log₁₀ rate"));
  EXPECT_THAT(page, Not(HasSubstr("Pareto")));
  EXPECT_THAT(page, Not(HasSubstr("<search>")));
  EXPECT_THAT(page, Not(HasSubstr("sgd<,")));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
}

TEST(StudyReport, ShowsTheFrontOfTwoObjectives) {
  auto study = study_of(40);
  study.objectives.emplace_back("milliseconds");
  study.directions.push_back(tune::Direction::minimize);
  for (auto& trial : study.trials) trial.values.push_back(trial.number);
  EXPECT_THAT(page_of(study, {}), HasSubstr("Pareto front"));
}

TEST(StudyReport, LeavesOutWhatIsNotAskedFor) {
  EXPECT_THAT(page_of(study_of(40), {.complete_only = true}), Not(HasSubstr("<td>pruned")));
  const std::string best = page_of(study_of(40), {.best_only = 3});
  std::size_t rows = 0;
  for (std::size_t at = best.find("<td>complete"); at != std::string::npos;
       at = best.find("<td>complete", at + 1))
    ++rows;
  EXPECT_EQ(rows, 3U);
}

TEST(StudyReport, OfNoTrialIsAPageStill) {
  EXPECT_THAT(page_of(study_of(0), {}), HasSubstr("complete trials"));
}

TEST(CurvePlot, LiftsThePenAtWhatIsNoNumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CurvePlot plot{.title = "t", .x_axis = "x", .y_axis = "y"};
  plot.curves = {{"a", {{0, 0}, {0.5, 0.5}, {nan, nan}, {0.6, 0.1}, {1, 1}}}};
  const std::string svg = to_svg(plot);
  const std::size_t first = svg.find("<polyline");
  ASSERT_NE(first, std::string::npos);
  EXPECT_NE(svg.find("<polyline", first + 1), std::string::npos);
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  plot.curves[0].strokes = false;
  EXPECT_THAT(to_svg(plot), Not(HasSubstr("<polyline")));
}

}  // namespace
}  // namespace bloodcell::report
