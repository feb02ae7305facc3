#include <bloodcell/model_file/trust.hpp>

#include <limits>

#include "small_model.hpp"

namespace bloodcell::model_file {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Trust small_trust() {
  Trust trust;
  trust.calibration = {{1.1, 0, 0, 0, 0.9, 0, 0, 0, 1}, {0.1, -0.1, 0}};
  trust.sets = {{"lac", 0.9, 0.4, 0, 0, 120}, {"raps", 0.95, 0.97, 0.01, 2, 120}};
  trust.familiarity = {2, {0, 1, 2, 3, 4, 5}, {1.5F, -0.25F, 2}, 7.5};
  trust.other_things = {{0.5F, -3}, -1.25, 2.5};
  trust.ranges = {{"sharpness", 1.5, 9}};
  return trust;
}

TEST(Trust, TravelsInTheModelFile) {
  const ModelFile plain = small_model();
  Description description = plain.description;
  description.trust = small_trust();
  const auto file = with_description(plain, description);
  ASSERT_OK(file);
  EXPECT_EQ(file->description.format_version, 2);
  ASSERT_TRUE(file->description.trust.has_value());
  EXPECT_EQ(to_json(*file->description.trust), to_json(small_trust()));
  EXPECT_EQ(file->description.trust->familiarity->whitening, small_trust().familiarity->whitening);
  const auto& others = file->description.trust->other_things;
  ASSERT_TRUE(others.has_value());
  EXPECT_EQ(others->weights, small_trust().other_things->weights);
  EXPECT_EQ(others->bias, -1.25);
  EXPECT_EQ(others->threshold, 2.5);
  EXPECT_EQ(file->description.graph_sha256, plain.description.graph_sha256);
}

TEST(Trust, AFileWithoutItStaysOfFormatOne) {
  const ModelFile plain = small_model();
  EXPECT_EQ(plain.description.format_version, 1);
  EXPECT_FALSE(to_json(plain.description).contains("trust"));
  const auto same = with_description(plain, plain.description);
  ASSERT_OK(same);
  EXPECT_EQ(same->onnx, plain.onnx);
}

TEST(Trust, AFormatTwoFileSaysItOrNull) {
  EXPECT_OK(read_with_metadata([](json& m) {
    m["format_version"] = 2;
    m["trust"] = nullptr;
  }));
  EXPECT_ERROR(read_with_metadata([](json& m) { m["format_version"] = 2; }), ErrorCode::malformed);
}

TEST(Trust, RefusesEachFieldThatIsWrong) {
  const auto expect_bad = [](const std::string& pointer, const json& value, const char* words) {
    json document = to_json(small_trust());
    document[json::json_pointer(pointer)] = value;
    const auto trust = trust_from_json(document, 3);
    ASSERT_FALSE(trust.has_value()) << pointer << " = " << value;
    EXPECT_EQ(trust.error().code, ErrorCode::malformed);
    EXPECT_THAT(trust.error().message, HasSubstr(words)) << pointer;
  };
  expect_bad("/calibration", 1, "calibration");
  expect_bad("/calibration/matrix", {1, 2}, "matrix");
  expect_bad("/calibration/bias", {1, 2, "x"}, "bias");
  expect_bad("/calibration/bias", {1, 2, 1e300}, "bias");
  expect_bad("/sets", nullptr, "sets");
  expect_bad("/sets/0", "lac", "sets");
  expect_bad("/sets", json::array_t(17, to_json(small_trust())["sets"][0]), "sets");
  expect_bad("/sets/0/score", "best", "score");
  expect_bad("/sets/0/coverage", 1, "coverage");
  expect_bad("/sets/0/threshold", -1, "threshold");
  expect_bad("/sets/0/free_places", 1.5, "free_places");
  expect_bad("/familiarity/values", 0U, "values");
  expect_bad("/familiarity/values", 3U, "means");
  expect_bad("/familiarity/values", 1000000U, "values");
  expect_bad("/familiarity/means", "!", "means");
  expect_bad("/familiarity/whitening", "AAAA", "whitening");
  expect_bad("/familiarity/threshold", 0, "threshold");
  expect_bad("/other_things", 3, "other_things");
  expect_bad("/other_things/values", 0U, "values");
  expect_bad("/other_things/values", 3U, "weights");
  expect_bad("/other_things/bias", "x", "bias");
  expect_bad("/other_things/threshold", 1e99, "threshold");
  expect_bad("/ranges/0/measure", "", "measure");
  expect_bad("/ranges/0/high", 1, "high");
  expect_bad("/ranges/0/low", "x", "low");
  EXPECT_ERROR(trust_from_json(to_json(small_trust()), 4), ErrorCode::malformed);
  EXPECT_ERROR(trust_from_json(json::array(), 3), ErrorCode::malformed);
}

TEST(Trust, RefusesANumberThatIsNone) {
  Trust trust = small_trust();
  trust.familiarity->means[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_ERROR(trust_from_json(to_json(trust), 3), ErrorCode::malformed);
}

}  // namespace
}  // namespace bloodcell::model_file
