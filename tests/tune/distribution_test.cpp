#include <bloodcell/tune/distribution.hpp>

#include <cmath>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bloodcell/test/support.hpp>

namespace bloodcell::tune {
namespace {

const FloatRange kRate{1e-5, 1e-2, true, std::nullopt};
const FloatRange kTenths{0, 1, false, 0.1};
const IntRange kUnits{128, 256, false, 1};
const IntRange kLogUnits{1, 100, true, 1};
const Categories kDropout{{Value{0.5}, Value{}}};

TEST(Distribution, ReadsWhatOptunaWrote) {
  // As Optuna 5.0 wrote them into a study file.
  const auto read = [](const char* text) {
    const auto found = distribution_from_json(text);
    EXPECT_OK(found);
    return found.value_or(Distribution{});
  };
  EXPECT_EQ(read(R"({"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05,
                     "high": 0.01, "log": true}})"),
            Distribution{kRate});
  EXPECT_EQ(read(R"({"name": "FloatDistribution", "attributes": {"step": 0.1, "low": 0.0,
                     "high": 1.0, "log": false}})"),
            Distribution{kTenths});
  EXPECT_EQ(read(R"({"name": "IntDistribution", "attributes": {"log": true, "step": 1,
                     "low": 1, "high": 100}})"),
            Distribution{kLogUnits});
  EXPECT_EQ(read(R"({"name": "CategoricalDistribution", "attributes":
                     {"choices": ["a", null, true, 1, 2.5]}})"),
            (Distribution{Categories{{Value{std::string("a")}, Value{}, Value{true},
                                      Value{std::int64_t{1}}, Value{2.5}}}}));
}

TEST(Distribution, ReadsTheNamesThatOptunaUsedBeforeVersionThree) {
  const auto log = distribution_from_json(
      R"({"name": "LogUniformDistribution", "attributes": {"low": 1e-05, "high": 0.01}})");
  ASSERT_OK(log);
  EXPECT_EQ(*log, Distribution{kRate});
  const auto stepped = distribution_from_json(
      R"({"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.1}})");
  ASSERT_OK(stepped);
  EXPECT_EQ(*stepped, Distribution{kTenths});
  const auto integer = distribution_from_json(
      R"({"name": "IntUniformDistribution", "attributes": {"low": 128, "high": 256}})");
  ASSERT_OK(integer);
  EXPECT_EQ(*integer, Distribution{kUnits});
  const auto log_integer = distribution_from_json(
      R"({"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 100, "step": 1}})");
  ASSERT_OK(log_integer);
  EXPECT_EQ(*log_integer, Distribution{kLogUnits});
}

TEST(Distribution, WritesTheKeysInOptunasOrder) {
  EXPECT_EQ(to_json(kRate),
            R"({"name":"FloatDistribution","attributes":{"step":null,"low":1e-05,"high":0.01,)"
            R"("log":true}})");
  EXPECT_EQ(to_json(kUnits),
            R"({"name":"IntDistribution","attributes":{"log":false,"step":1,"low":128,)"
            R"("high":256}})");
  EXPECT_EQ(to_json(kDropout),
            R"({"name":"CategoricalDistribution","attributes":{"choices":[0.5,null]}})");
}

RC_GTEST_PROP(Distribution, ComesBackFromItsJsonAsItWas, ()) {
  const int low = *rc::gen::inRange(-1000, 1000);
  const int steps = *rc::gen::inRange(0, 100);
  const int step = *rc::gen::inRange(1, 7);
  const Distribution integers = IntRange{low, low + steps * step, false, step};
  const Distribution floats =
      FloatRange{low / 7.0, low / 7.0 + steps * step / 3.0, false, std::nullopt};
  for (const auto& distribution : {integers, floats}) {
    const auto back = distribution_from_json(to_json(distribution));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == distribution);
  }
}

TEST(Distribution, RefusesBrokenJsonAndSenselessRanges) {
  for (const char* text :
       {"", "[]", "{", R"({"name": 1})", R"({"name": "FloatDistribution"})",
        R"({"name": "Strange", "attributes": {}})",
        R"({"name": "FloatDistribution", "attributes": {"low": "a", "high": 1}})",
        R"({"name": "FloatDistribution", "attributes": {"low": 2, "high": 1}})",
        R"({"name": "IntDistribution", "attributes": {"low": 0, "high": 9, "log": true}})",
        R"({"name": "CategoricalDistribution", "attributes": {"choices": []}})",
        R"({"name": "CategoricalDistribution", "attributes": {"choices": [[1]]}})"}) {
    EXPECT_ERROR(distribution_from_json(text), ErrorCode::malformed);
  }
  EXPECT_ERROR(checked(FloatRange{0, 1, true, std::nullopt}), ErrorCode::usage);
  EXPECT_ERROR(checked(FloatRange{1, 2, true, 0.1}), ErrorCode::usage);
  EXPECT_ERROR(checked(FloatRange{0, INFINITY, false, std::nullopt}), ErrorCode::usage);
  EXPECT_ERROR(checked(FloatRange{0, 1, false, -0.1}), ErrorCode::usage);
  EXPECT_ERROR(checked(IntRange{1, 8, true, 2}), ErrorCode::usage);
  EXPECT_ERROR(checked(IntRange{1, 8, false, 0}), ErrorCode::usage);
  EXPECT_ERROR(checked(IntRange{0, std::int64_t{1} << 60, false, 1}), ErrorCode::usage);
  EXPECT_ERROR(checked(Categories{}), ErrorCode::usage);
}

TEST(Distribution, EndsAtItsLastStep) {
  const auto floats = checked(FloatRange{0, 1, false, 0.3});
  ASSERT_OK(floats);
  EXPECT_NEAR(std::get<FloatRange>(*floats).high, 0.9, 1e-12);
  const auto tenths = checked(kTenths);  // 0.1 is no binary fraction: the end must stay
  ASSERT_OK(tenths);
  EXPECT_EQ(std::get<FloatRange>(*tenths).high, 1);
  const auto integers = checked(IntRange{1, 8, false, 3});
  ASSERT_OK(integers);
  EXPECT_EQ(std::get<IntRange>(*integers).high, 7);
}

TEST(Distribution, TurnsOuterValuesIntoInnerOnesAndBack) {
  EXPECT_EQ(inner_of(kDropout, Value{0.5}).value(), 0);
  EXPECT_EQ(inner_of(kDropout, Value{}).value(), 1);
  EXPECT_EQ(outer_of(kDropout, 1), Value{});
  EXPECT_EQ(inner_of(kUnits, Value{std::int64_t{247}}).value(), 247);
  EXPECT_EQ(outer_of(kUnits, 247), Value{std::int64_t{247}});
  EXPECT_EQ(inner_of(kUnits, Value{247.0}).value(), 247);
  EXPECT_ERROR(inner_of(kUnits, Value{247.5}), ErrorCode::usage);
  EXPECT_ERROR(inner_of(kUnits, Value{std::int64_t{257}}), ErrorCode::usage);
  EXPECT_ERROR(inner_of(kUnits, Value{std::string("many")}), ErrorCode::usage);
  EXPECT_ERROR(inner_of(kDropout, Value{0.4}), ErrorCode::usage);
}

TEST(Distribution, TakesTrueAndOneAsTwoChoicesButOneAndOnePointZeroAsOne) {
  const Categories choices{{Value{true}, Value{std::int64_t{1}}}};
  EXPECT_EQ(inner_of(choices, Value{true}).value(), 0);
  EXPECT_EQ(inner_of(choices, Value{1.0}).value(), 1);
}

TEST(Distribution, SpreadsQuantilesEvenlyInItsOwnScale) {
  EXPECT_NEAR(at_quantile(kRate, 0), 1e-5, 1e-18);
  EXPECT_NEAR(at_quantile(kRate, 0.5), std::sqrt(1e-5 * 1e-2), 1e-12);
  EXPECT_EQ(at_quantile(kUnits, 0), 128);
  EXPECT_EQ(at_quantile(kUnits, 0.9999999), 256);
  EXPECT_EQ(at_quantile(kDropout, 0.49), 0);
  EXPECT_EQ(at_quantile(kDropout, 0.51), 1);
  std::set<double> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(at_quantile(kTenths, i / 1000.0));
  EXPECT_EQ(seen.size(), 11U);
  for (const double value : seen) EXPECT_TRUE(contains(kTenths, value)) << value;
}

TEST(Distribution, GivesEveryStepTheSameShareToItsEnds) {
  int ends = 0;
  const IntRange four{1, 4, false, 1};
  for (int i = 0; i < 4000; ++i) ends += at_quantile(four, (i + 0.5) / 4000) == 1 ? 1 : 0;
  EXPECT_EQ(ends, 1000);
}

TEST(Distribution, KeepsItsKindScaleAndChoicesThroughAStudy) {
  EXPECT_OK(check_compatible(kRate, FloatRange{1e-6, 1, true, std::nullopt}));
  EXPECT_ERROR(check_compatible(kRate, FloatRange{1e-6, 1, false, std::nullopt}),
               ErrorCode::mismatch);
  EXPECT_ERROR(check_compatible(kRate, kUnits), ErrorCode::mismatch);
  EXPECT_ERROR(check_compatible(kDropout, Categories{{Value{0.5}}}), ErrorCode::mismatch);
}

TEST(Distribution, KnowsWhenThereIsNothingToChoose) {
  EXPECT_TRUE(is_single(FloatRange{2, 2, false, std::nullopt}));
  EXPECT_EQ(first_of(FloatRange{2, 2, false, std::nullopt}), 2);
  EXPECT_TRUE(is_single(Categories{{Value{}}}));
  EXPECT_FALSE(is_single(kUnits));
}

TEST(Value, ReadsAsAPersonWouldWriteIt) {
  EXPECT_EQ(to_text(Value{}), "none");
  EXPECT_EQ(to_text(Value{true}), "true");
  EXPECT_EQ(to_text(Value{6.15e-5}), "6.15e-05");
  EXPECT_EQ(to_text(Value{std::int64_t{247}}), "247");
  EXPECT_EQ(value_to_json(Value{std::string("a\"b")}), "\"a\\\"b\"");
  EXPECT_EQ(value_from_json("null").value(), Value{});
  EXPECT_ERROR(value_from_json("[1]"), ErrorCode::malformed);
  EXPECT_ERROR(value_from_json("18446744073709551615"), ErrorCode::malformed);
}

}  // namespace
}  // namespace bloodcell::tune
