#include <bloodcell/metrics/classification.hpp>

#include <cmath>
#include <cstdlib>

#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/random.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::metrics {
namespace {

Prediction row(std::string family, int truth, int predicted, int classes = 3) {
  Prediction p{"f", std::move(family), truth, {}};
  p.probabilities.assign(static_cast<std::size_t>(classes), 0.2 / (classes - 1));
  p.probabilities[static_cast<std::size_t>(predicted)] = 0.8;
  return p;
}

// Worked by hand. Truth a: a a a b; truth b: b b; truth c: a c.
PredictionTable worked_example() {
  PredictionTable table{{"a", "b", "c"}, {}};
  const int cases[][2] = {{0, 0}, {0, 0}, {0, 0}, {0, 1}, {1, 1}, {1, 1}, {2, 0}, {2, 2}};
  int i = 0;
  for (const auto& [truth, predicted] : cases) {
    table.rows.push_back(row("family" + std::to_string(i++), truth, predicted));
  }
  return table;
}

TEST(Classification, FiguresMatchThoseWorkedByHand) {
  const Report report = evaluate(worked_example(), 1, 50);
  EXPECT_EQ(report.confusion.counts,
            (std::vector<std::vector<std::uint64_t>>{{3, 1, 0}, {0, 2, 0}, {1, 0, 1}}));
  EXPECT_DOUBLE_EQ(report.image_accuracy.value, 6.0 / 8);
  EXPECT_DOUBLE_EQ(report.classes[0].precision, 3.0 / 4);
  EXPECT_DOUBLE_EQ(report.classes[0].recall, 3.0 / 4);
  EXPECT_DOUBLE_EQ(report.classes[1].precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(report.classes[1].recall, 1);
  EXPECT_DOUBLE_EQ(report.classes[1].f1, 0.8);
  EXPECT_DOUBLE_EQ(report.classes[2].f1, 2.0 / 3);
  EXPECT_DOUBLE_EQ(report.macro.f1, (0.75 + 0.8 + 2.0 / 3) / 3);
  EXPECT_DOUBLE_EQ(report.macro.recall, (0.75 + 1 + 0.5) / 3);
  EXPECT_DOUBLE_EQ(report.balanced_accuracy, (0.75 + 1 + 0.5) / 3);
  EXPECT_DOUBLE_EQ(report.weighted.precision, (4 * 0.75 + 2 * 2.0 / 3 + 2 * 1.0) / 8);
  EXPECT_DOUBLE_EQ(report.weighted.recall, 6.0 / 8);
  EXPECT_EQ(report.classes[0].support, 4U);
}

// Six rows say 0.8 of the truth, two say 0.1.
TEST(Classification, LossAndCalibrationMatchThoseWorkedByHand) {
  const Report report = evaluate(worked_example(), 1, 50);
  EXPECT_NEAR(report.log_loss, -(6 * std::log(0.8) + 2 * std::log(0.1)) / 8, 1e-12);
  EXPECT_NEAR(report.calibration_error, 0.8 - 0.75, 1e-12);
}

TEST(Classification, AClassNobodyNamesGivesZeroNotNan) {
  PredictionTable table{{"a", "b", "c"}, {row("1", 0, 0), row("2", 1, 0)}};
  const Report report = evaluate(table, 1, 50);
  EXPECT_EQ(report.classes[1].precision, 0);
  EXPECT_EQ(report.classes[1].f1, 0);
  EXPECT_EQ(report.classes[2].support, 0U);
  EXPECT_DOUBLE_EQ(report.macro.recall, 0.5);  // c is in no average
  EXPECT_DOUBLE_EQ(report.balanced_accuracy, 0.5);
}

TEST(Families, VoteByMajorityAndByMeanProbability) {
  PredictionTable table{{"a", "b"}, {}};
  // Two weak votes for b, one strong for a: the majority says b, the mean a.
  table.rows = {{"1", "cell", 0, {0.45, 0.55}},
                {"2", "cell", 0, {0.45, 0.55}},
                {"3", "cell", 0, {0.99, 0.01}},
                {"4", "other", 1, {0.1, 0.9}}};
  const Report report = evaluate(table, 1, 50);
  EXPECT_EQ(report.family_accuracy_majority.right, 1U);
  EXPECT_EQ(report.family_accuracy_mean.right, 2U);
  EXPECT_EQ(report.family_accuracy_mean.of, 2U);
  EXPECT_EQ(report.image_accuracy.right, 2U);
}

TEST(Families, AFamilyWithTwoTruthsIsJudgedByTheMoreFrequent) {
  PredictionTable table{{"a", "b"}, {}};
  table.rows = {row("cell", 0, 0, 2), row("cell", 0, 0, 2), row("cell", 1, 0, 2)};
  const Report report = evaluate(table, 1, 50);
  EXPECT_EQ(report.family_accuracy_majority.right, 1U);
  EXPECT_EQ(report.classes[1].families, 1U);
}

// A hundred copies of two cells are worth two cells.
TEST(Intervals, CopiesOfACellAddNoEvidence) {
  PredictionTable copies{{"a", "b"}, {}};
  PredictionTable cells{{"a", "b"}, {}};
  for (int i = 0; i < 100; ++i) {
    copies.rows.push_back(row(i % 2 == 0 ? "right" : "wrong", 0, i % 2, 2));
    cells.rows.push_back(row(std::to_string(i), 0, i % 2, 2));
  }
  const Interval of_copies = evaluate(copies, 1, 500).image_accuracy.interval;
  const Interval of_cells = evaluate(cells, 1, 500).image_accuracy.interval;
  EXPECT_EQ(of_copies.low, 0);
  EXPECT_EQ(of_copies.high, 1);
  EXPECT_LT(of_cells.high - of_cells.low, 0.25);
}

TEST(Intervals, AllRightStillLeavesDoubt) {
  PredictionTable table{{"a", "b"}, {}};
  for (int i = 0; i < 20; ++i) table.rows.push_back(row(std::to_string(i), i % 2, i % 2, 2));
  const Report report = evaluate(table, 1, 200);
  EXPECT_EQ(report.image_accuracy.interval.high, 1);
  EXPECT_NEAR(report.image_accuracy.interval.low, wilson(20, 20).low, 1e-12);
  EXPECT_NEAR(report.classes[0].recall_interval.low, wilson(10, 10).low, 1e-12);
}

TEST(Report, IsTheSameInAnyOrderOfRows) {
  EXPECT_TRUE(rc::check([] {
    PredictionTable table{{"a", "b", "c"}, {}};
    const int rows = *rc::gen::inRange(1, 40);
    for (int i = 0; i < rows; ++i) {
      table.rows.push_back(row(std::to_string(*rc::gen::inRange(0, 10)), *rc::gen::inRange(0, 3),
                               *rc::gen::inRange(0, 3)));
    }
    PredictionTable turned = table;
    std::reverse(turned.rows.begin(), turned.rows.end());
    const Report a = evaluate(table, 1, 2);
    const Report b = evaluate(turned, 1, 2);
    RC_ASSERT(a.confusion.counts == b.confusion.counts);
    RC_ASSERT(std::abs(a.macro.f1 - b.macro.f1) < 1e-12);
    RC_ASSERT(a.family_accuracy_mean.of == b.family_accuracy_mean.of);
    RC_ASSERT(std::abs(a.log_loss - b.log_loss) < 1e-9);
  }));
}

TEST(Report, JsonHoldsWhatThePeopleRead) {
  const auto json = to_json(evaluate(worked_example(), 1, 50));
  EXPECT_EQ(json["confusion"][0][1], 1);
  EXPECT_EQ(json["classes"][2]["label"], "c");
  EXPECT_DOUBLE_EQ(json["image_accuracy"]["value"].get<double>(), 0.75);
  EXPECT_EQ(json["image_accuracy"]["interval_95"].size(), 2U);
}

// scikit-learn's figures for the same rows; its own macro rule is ours.
TEST(Report, AgreesWithScikitLearn) {
  if (std::system("python3 -c 'import sklearn' 2>/dev/null") != 0) {
    GTEST_SKIP() << "python3 has no scikit-learn";
  }
  PredictionTable table{{"a", "b", "c", "d"}, {}};
  Random random(5, stream_of("sklearn"), 0);
  nlohmann::json truth;
  nlohmann::json probabilities;
  for (int i = 0; i < 200; ++i) {
    const int t = static_cast<int>(random.below(3));  // d never occurs
    const int p = random.chance(0.7) ? t : static_cast<int>(random.below(4));
    table.rows.push_back(row(std::to_string(i), t, p, 4));
    truth.push_back(t);
    probabilities.push_back(table.rows.back().probabilities);
  }
  const test::TemporaryFolder folder;
  ASSERT_OK(write_text(folder / "in.json",
                       nlohmann::json{{"truth", truth}, {"p", probabilities}}.dump()));
  const std::string script =
      "import json,sys\n"
      "from sklearn.metrics import precision_recall_fscore_support as prf, log_loss, "
      "balanced_accuracy_score as bal\n"
      "d=json.load(open(sys.argv[1])); t=d['truth']; p=d['p']; y=[max(range(4),key=r.__getitem__) "
      "for r in p]\n"
      "out={k:list(prf(t,y,average=k,zero_division=0))[:3] for k in ('macro','weighted')}\n"
      "out['log_loss']=log_loss(t,p,labels=[0,1,2,3]); out['balanced']=bal(t,y)\n"
      "json.dump(out,open(sys.argv[2],'w'))\n";
  ASSERT_OK(write_text(folder / "figures.py", script));
  const std::string command = "python3 -W ignore " + (folder / "figures.py").string() + " " +
                              (folder / "in.json").string() + " " + (folder / "out.json").string();
  ASSERT_EQ(std::system(command.c_str()), 0);
  const auto theirs = nlohmann::json::parse(read_text(folder / "out.json", 10'000).value());
  const Report ours = evaluate(table, 1, 2);
  EXPECT_NEAR(theirs["macro"][0].get<double>(), ours.macro.precision, 1e-12);
  EXPECT_NEAR(theirs["macro"][1].get<double>(), ours.macro.recall, 1e-12);
  EXPECT_NEAR(theirs["macro"][2].get<double>(), ours.macro.f1, 1e-12);
  EXPECT_NEAR(theirs["weighted"][2].get<double>(), ours.weighted.f1, 1e-12);
  EXPECT_NEAR(theirs["log_loss"].get<double>(), ours.log_loss, 1e-9);
  EXPECT_NEAR(theirs["balanced"].get<double>(), ours.balanced_accuracy, 1e-12);
}

}  // namespace
}  // namespace bloodcell::metrics
