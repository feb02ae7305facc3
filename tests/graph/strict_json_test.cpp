#include <bloodcell/graph/strict_json.hpp>

#include <nlohmann/json.hpp>

#include <bloodcell/test/support.hpp>

namespace bloodcell::graph {
namespace {

using ::testing::HasSubstr;

TEST(StrictJson, ReadsWhatIsSound) {
  const auto value = parse_strict_json(R"({"a": [1, {"b": null}], "c": {"a": "ä"}})", 3);
  ASSERT_OK(value);
  EXPECT_EQ((*value)["c"]["a"], "ä");
  EXPECT_EQ((*value)["a"].size(), 2U);
}

TEST(StrictJson, RefusesANameTwiceInOneObject) {
  const auto twice = parse_strict_json(R"({"x": {"a": 1, "b": {"a": 1}, "a": 2}})", 8);
  EXPECT_ERROR(twice, ErrorCode::malformed);
  EXPECT_THAT(twice.error().message, HasSubstr("'a' stands twice"));
}

TEST(StrictJson, RefusesDepthBeyondTheLimit) {
  EXPECT_OK(parse_strict_json(R"([[[1]]])", 3));
  EXPECT_ERROR(parse_strict_json(R"([[[[1]]]])", 3), ErrorCode::malformed);
  EXPECT_ERROR(parse_strict_json(R"([{"a": {"b": []}}])", 3), ErrorCode::malformed);
}

TEST(StrictJson, SurvivesAMillionOpenBrackets) {
  EXPECT_ERROR(parse_strict_json(std::string(1'000'000, '['), 8), ErrorCode::malformed);
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  EXPECT_ERROR(parse_strict_json(objects, 8), ErrorCode::malformed);
}

TEST(StrictJson, RefusesMoreThanTwoMillionValues) {
  std::string list = "[0";
  for (int i = 0; i < 2'000'000; ++i) list += ",0";
  const auto long_list = parse_strict_json(list + "]", 8);
  EXPECT_ERROR(long_list, ErrorCode::malformed);
  EXPECT_THAT(long_list.error().message, HasSubstr("more than 2000000 values"));
}

TEST(StrictJson, RefusesWhatIsNotJson) {
  for (const std::string text :
       {"", "{", "{\"a\": 1} x", "{'a': 1}", "{\"a\": \"\xff\"}", "[1,]", "nul", "{\"a\": NaN}"}) {
    EXPECT_ERROR(parse_strict_json(text, 8), ErrorCode::malformed);
  }
}

}  // namespace
}  // namespace bloodcell::graph
