#include <bloodcell/model_file/precision.hpp>

#include <bloodcell/model_file/retouch.hpp>

#include "small_model.hpp"

namespace bloodcell::model_file {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

TEST(Precision, TravelsInTheModelFile) {
  const ModelFile plain = small_model();
  EXPECT_FALSE(to_json(plain.description).contains("precisions"));
  Description description = plain.description;
  description.precisions = {{"float32", 200, 190}, {"bfloat16", 200, 189}};
  const auto file = with_description(plain, description);
  ASSERT_OK(file);
  EXPECT_EQ(file->description.format_version, plain.description.format_version);
  EXPECT_EQ(to_json(file->description.precisions), to_json(description.precisions));
}

TEST(Precision, CostsLittleOnlyWhereBothWereMeasured) {
  const std::vector<PrecisionFigures> both{{"float32", 1000, 950}, {"bfloat16", 1000, 947}};
  EXPECT_TRUE(costs_little(both, "bfloat16"));
  EXPECT_TRUE(costs_little(both, "float32"));
  EXPECT_FALSE(costs_little(both, "int8"));
  EXPECT_FALSE(costs_little({}, "bfloat16"));
  EXPECT_FALSE(costs_little({{"bfloat16", 1000, 1000}}, "bfloat16"));
  EXPECT_FALSE(costs_little({{"float32", 1000, 950}, {"bfloat16", 1000, 946}}, "bfloat16"));
}

TEST(Precision, RefusesEachFieldThatIsWrong) {
  const auto expect_bad = [](const json& from, const char* words) {
    const auto read = precisions_from_json(from);
    ASSERT_FALSE(read.has_value()) << from;
    EXPECT_EQ(read.error().code, ErrorCode::malformed);
    EXPECT_THAT(read.error().message, HasSubstr(words)) << from;
  };
  expect_bad(7, "not a list");
  expect_bad(json::array({1}), "no object");
  expect_bad(json::array({{{"cells", 1U}, {"right", 1U}}}), "precision");
  expect_bad(json::array({{{"precision", "float32"}, {"cells", 1.5}, {"right", 1U}}}), "cells");
  expect_bad(json::array({{{"precision", "float32"}, {"cells", 0U}, {"right", 0U}}}), "is 0");
  expect_bad(json::array({{{"precision", "float32"}, {"cells", 3U}, {"right", 4U}}}), "right");
  expect_bad(json::array({{{"precision", "float32"}, {"cells", 3U}, {"right", -1}}}), "right");
  const json once{{"precision", "float32"}, {"cells", 3U}, {"right", 3U}};
  expect_bad(json::array({once, once}), "twice");
  expect_bad(json(std::vector<json>(9, once)), "at most 8");
}

}  // namespace
}  // namespace bloodcell::model_file
