#include <bloodcell/predict/judge.hpp>

#include <cmath>

#include <bloodcell/test/support.hpp>

namespace bloodcell::predict {
namespace {

// Two classes, two values in an embedding, pictures of 20 × 20 pixels as they are.
model_file::Description description_with(model_file::Trust trust) {
  model_file::Description d;
  d.labels = {"a", "b"};
  d.preprocessing.width_px = 20;
  d.preprocessing.height_px = 20;
  d.trust = std::move(trust);
  return d;
}

// A dark disc on bright ground.
image::Image disc(int centre_x, double radius, std::array<std::uint8_t, 3> inside) {
  image::Image picture(20, 20);
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 20; ++x) {
      const bool in = std::hypot(x - centre_x, y - 10) < radius;
      const std::array<std::uint8_t, 3> colour =
          in ? inside : std::array<std::uint8_t, 3>{230, 220, 225};
      std::copy(colour.begin(), colour.end(), picture.at(x, y).begin());
    }
  }
  return picture;
}

constexpr std::array<std::uint8_t, 3> kPurple{100, 60, 140};

std::vector<float> input_of(const image::Image& picture) {
  const auto p = description_with({}).preprocessing;
  std::vector<float> input(p.input_values());
  image::preprocess(picture, p, input);
  return input;
}

TEST(PictureMeasures, TellNucleusFromGround) {
  const auto measures = measures_of(disc(10, 4, kPurple));
  const auto of = [&](PictureMeasure m) { return measures[static_cast<std::size_t>(m)]; };
  EXPECT_NEAR(of(PictureMeasure::nucleus_share), 45.0 / 400, 1e-12);  // pixels within radius 4
  EXPECT_EQ(of(PictureMeasure::nucleus_at_border), 0);
  EXPECT_NEAR(of(PictureMeasure::nucleus_redness), 100.0 / 300, 1e-12);
  EXPECT_NEAR(of(PictureMeasure::nucleus_greenness), 60.0 / 300, 1e-12);
  EXPECT_NEAR(of(PictureMeasure::ground_redness), 230.0 / 675, 1e-12);
}

TEST(PictureMeasures, ACutNucleusReachesTheBorder) {
  const auto of = [](int x) {
    return measures_of(
        disc(x, 4, kPurple))[static_cast<std::size_t>(PictureMeasure::nucleus_at_border)];
  };
  EXPECT_GT(of(0), 0.2);
  EXPECT_EQ(of(6), 0);
}

TEST(PictureMeasures, AFlatPictureHasNumbers) {
  for (const double value : measures_of(image::Image(20, 20))) EXPECT_TRUE(std::isfinite(value));
}

TEST(Judge, WithoutTrustItIsSoftmaxAndTheThreshold) {
  auto description = description_with({});
  description.trust.reset();
  description.min_confidence = 0.8;
  const auto judge = Judge::make(description);
  ASSERT_OK(judge);
  EXPECT_FALSE(judge->needs_embedding());
  const std::vector<float> logits{0, std::log(3.0F)};
  const auto verdict = judge->verdict(judge->probabilities(logits), {}, {});
  EXPECT_EQ(verdict.class_index, 1);
  EXPECT_NEAR(verdict.confidence, 0.75, 1e-6);
  EXPECT_EQ(verdict.doubt, "confidence 0.75 is under 0.80");
  EXPECT_EQ(Judge::make(description, {.min_confidence = 0.7})
                ->verdict(judge->probabilities(logits), {}, {})
                .doubt,
            "");
}

TEST(Judge, CalibratesAndStatesASet) {
  model_file::Trust trust;
  trust.calibration = {{2, 0, 0, 1}, {0, std::log(2.0)}};
  trust.sets = {{"lac", 0.9, 0.97, 0, 0, 100}};
  const auto judge = Judge::make(description_with(trust));
  ASSERT_OK(judge);
  const auto verdict =
      judge->verdict(judge->probabilities(std::vector<float>{0, std::log(3.0F)}), {}, {});
  EXPECT_NEAR(verdict.probabilities[0], (1.0 / 16) / (1.0 / 16 + 1.5), 1e-6);  // 0.04
  EXPECT_THAT(verdict.set, ::testing::ElementsAre(1, 0));
}

TEST(Judge, DistanceIsThatOfTheNearestClass) {
  // W = [[2, 0], [1, 1]]; classes at the origin and at (3, 0).
  const model_file::Familiarity known{2, {0, 0, 3, 0}, {2, 1, 1}, 1};
  const std::vector<float> embedding{1, 2};  // W x = (2, 3), W (x − (3, 0)) = (−4, 0)
  EXPECT_NEAR(distance_from_known(embedding, known), std::sqrt(13.0), 1e-6);
}

TEST(Judge, DoubtsWhatIsUnfamiliar) {
  model_file::Trust trust;
  trust.familiarity = {2, {0, 0, 3, 0}, {1, 0, 1}, 2};
  const auto judge = Judge::make(description_with(trust));
  ASSERT_OK(judge);
  EXPECT_TRUE(judge->needs_embedding());
  const std::vector<float> logits{0, 9};
  EXPECT_EQ(judge->verdict(judge->probabilities(logits), std::vector<float>{3, 1}, {}).doubt, "");
  const auto far = judge->verdict(judge->probabilities(logits), std::vector<float>{3, 4}, {});
  EXPECT_NEAR(far.unfamiliarity, 2, 1e-6);
  EXPECT_THAT(far.doubt, ::testing::HasSubstr("not like any cell"));
}

TEST(Judge, DoubtsWhatIsNoCell) {
  model_file::Trust trust;
  trust.other_things = {{1, -1}, 0.5, 1};
  const auto judge = Judge::make(description_with(trust));
  ASSERT_OK(judge);
  EXPECT_TRUE(judge->needs_embedding());
  const std::vector<float> logits{0, 9};
  const auto cell = judge->verdict(judge->probabilities(logits), std::vector<float>{2, 2.5}, {});
  EXPECT_EQ(cell.other_thing, 0.5);  // even odds
  EXPECT_EQ(cell.doubt, "");
  const auto other = judge->verdict(judge->probabilities(logits), std::vector<float>{3, 2}, {});
  EXPECT_NEAR(*other.other_thing, 1 / (1 + std::exp(-1.5)), 1e-9);
  EXPECT_EQ(other.doubt, "not a picture of a blood cell");
  EXPECT_FALSE(Judge::make(description_with({}))
                   ->verdict(judge->probabilities(logits), {}, {})
                   .other_thing.has_value());
  const model_file::OtherThings extreme{{3e38F, -3e38F}, 0, 0};
  EXPECT_TRUE(std::isfinite(other_thing_log_odds(std::vector<float>{9, 9}, extreme)));
}

TEST(Judge, DoubtsAPictureOutsideItsRanges) {
  model_file::Trust trust;
  trust.ranges = {{"nucleus_at_border", 0, 0.1}, {"nucleus_redness", 0.3, 0.4}};
  const auto judge = Judge::make(description_with(trust));
  ASSERT_OK(judge);
  const std::vector<float> logits{0, 9};
  EXPECT_EQ(judge->verdict(judge->probabilities(logits), {}, input_of(disc(10, 4, kPurple))).doubt,
            "");
  EXPECT_EQ(judge->verdict(judge->probabilities(logits), {}, input_of(disc(0, 4, kPurple))).doubt,
            "dark up to the edge: cut, or close to another");
  EXPECT_EQ(
      judge->verdict(judge->probabilities(logits), {}, input_of(disc(10, 4, {150, 20, 20}))).doubt,
      "unusual stain or colours");
}

TEST(Judge, RefusesClassesThatLeaveNoChoice) {
  const auto description = description_with({});
  EXPECT_ERROR(Judge::make(description, {.classes = {"a", "zebra"}}), ErrorCode::usage);
  EXPECT_ERROR(Judge::make(description, {.classes = {"a", "a"}}), ErrorCode::usage);
  EXPECT_ERROR(Judge::make(description, {.classes = {"b"}}), ErrorCode::usage);
}

// Both are told apart from a third class by so much that nothing is left of either.
TEST(Judge, ClassesWithoutAnyProbabilityStayFinite) {
  auto description = description_with({});
  description.labels = {"a", "b", "c"};
  const auto judge = Judge::make(description, {.classes = {"a", "b"}});
  ASSERT_OK(judge);
  const auto verdict = judge->verdict(judge->probabilities(std::vector<float>{0, 0, 3000}), {}, {});
  EXPECT_NEAR(verdict.probabilities[0], 0.5, 1e-12);
}

TEST(Judge, RefusesAMeasureItDoesNotKnow) {
  model_file::Trust trust;
  trust.ranges = {{"beauty", 0, 1}};
  EXPECT_ERROR(Judge::make(description_with(trust)), ErrorCode::unsupported);
}

}  // namespace
}  // namespace bloodcell::predict
