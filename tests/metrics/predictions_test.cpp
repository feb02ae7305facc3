#include <bloodcell/metrics/predictions.hpp>

#include <cmath>
#include <limits>
#include <numeric>

#include <rapidcheck.h>

#include <bloodcell/metrics/calibration.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::metrics {
namespace {

TEST(Softmax, MatchesNumbersWorkedByHand) {
  const auto p = softmax(std::vector<float>{0, std::log(3.0F)});
  EXPECT_NEAR(p[0], 0.25, 1e-6);
  EXPECT_NEAR(p[1], 0.75, 1e-6);
  const auto warm = softmax(std::vector<float>{0, 2 * std::log(3.0F)}, 2.0);
  EXPECT_NEAR(warm[1], 0.75, 1e-6);
}

TEST(Softmax, IsSafeForAnyFiniteLogits) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  const auto p = softmax(std::vector<float>{-kLargest, kLargest, 0});
  EXPECT_EQ(p, (std::vector<double>{0, 1, 0}));
}

TEST(Softmax, SumsToOneAndKeepsTheOrder) {
  EXPECT_TRUE(rc::check([] {
    const auto whole =
        *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(-5000, 5000)));
    const std::vector<float> logits(whole.begin(), whole.end());
    const auto p = softmax(logits, *rc::gen::inRange(1, 50) / 10.0);
    RC_ASSERT(std::abs(std::accumulate(p.begin(), p.end(), 0.0) - 1) < 1e-9);
    for (std::size_t i = 1; i < p.size(); ++i) {
      if (logits[i] > logits[i - 1]) RC_ASSERT(p[i] >= p[i - 1]);
    }
  }));
}

PredictionTable small_table() {
  return {{"eosinophil", "a, \"b\""},
          {{"x/1.jpg", "cell 1", 0, {0.75, 0.25}}, {"x/2.jpg", "cell, 2", 1, {0.125, 0.875}}}};
}

TEST(Predictions, WhatIsWrittenIsRead) {
  const auto read = predictions_from_csv(to_csv(small_table()));
  ASSERT_OK(read);
  EXPECT_EQ(read->labels, small_table().labels);
  ASSERT_EQ(read->rows.size(), 2U);
  EXPECT_EQ(read->rows[1].family, "cell, 2");
  EXPECT_EQ(read->rows[1].truth, 1);
  EXPECT_EQ(read->rows[1].probabilities, small_table().rows[1].probabilities);
}

TEST(Predictions, EachFaultIsFound) {
  for (const char* text :
       {"", "file,family,truth\n", "a,b,c,d\n", "file,family,truth,x\n1,2,y,1\n",
        "file,family,truth,x\n1,2,x,one\n", "file,family,truth,x\n1,2,x,0.5\n",
        "file,family,truth,x\n1,2,x,nan\n", "file,family,truth,x,y\n1,2,x,1.5,-0.5\n",
        "file,family,truth,x\n1,,x,1\n"}) {
    EXPECT_ERROR(predictions_from_csv(text), ErrorCode::malformed);
  }
}

TEST(Predictions, CheckNamesTheRow) {
  PredictionTable table = small_table();
  table.rows[1].truth = 2;
  const auto checked = check(table);
  EXPECT_ERROR(checked, ErrorCode::malformed);
  EXPECT_THAT(checked.error().message, ::testing::HasSubstr("prediction 2"));
}

TEST(Predictions, TheFirstOfEqualsIsPredicted) {
  EXPECT_EQ((Prediction{"", "f", 0, {0.2, 0.4, 0.4}}.predicted()), 1);
}

// Logits ±2 with 3 of 4 right: the likelihood is greatest where sigmoid(4 / t) = 3/4, t = 4 / ln 3.
TEST(Temperature, IsTheOneWorkedByHand) {
  const std::vector<float> logits{2, -2, 2, -2, 2, -2, 2, -2};
  const std::vector<int> truths{0, 0, 0, 1};
  EXPECT_NEAR(fit_temperature(logits, truths, 2), 4 / std::log(3.0), 1e-3);
}

TEST(Temperature, StaysInItsBoundsAndNeedsNoRows) {
  EXPECT_EQ(fit_temperature({}, {}, 3), 1);
  const double surest = fit_temperature(std::vector<float>{5, 0}, std::vector<int>{0}, 2);
  EXPECT_GE(surest, 0.05);
  EXPECT_LT(surest, 0.2);  // below, the loss is 0 to the last digit
  EXPECT_NEAR(fit_temperature(std::vector<float>{5, 0}, std::vector<int>{1}, 2), 20, 0.1);
}

TEST(CalibrationError, WeighsBinsByTheirRows) {
  // 2 rows at 0.95 with one right, 2 rows at 0.6 both right: (|1.9−1| + |1.2−2|) / 4.
  const std::vector<double> confidences{0.95, 0.95, 0.6, 0.6};
  EXPECT_NEAR(expected_calibration_error(confidences, {true, false, true, true}, 10), 1.7 / 4,
              1e-12);
  EXPECT_EQ(expected_calibration_error({}, {}, 10), 0);
  EXPECT_NEAR(expected_calibration_error(std::vector<double>{1.0}, {true}, 10), 0, 1e-12);
}

}  // namespace
}  // namespace bloodcell::metrics
