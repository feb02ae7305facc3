#include <bloodcell/tune/space.hpp>

#include <set>

#include <bloodcell/test/support.hpp>

#include "studies.hpp"

namespace bloodcell::tune {
namespace {

Value text(const char* word) { return std::string(word); }

// momentum only with sgd; told in the wrong order.
Space conditional_space() {
  return {{"momentum", FloatRange{0.8, 0.95, false, 0.1}, "optimiser", {text("sgd")}},
          {"optimiser", Categories{{text("adamw"), text("sgd")}}, "", {}},
          {"batch", IntRange{8, 35, false, 8}, "", {}}};
}

TEST(Space, PutsConditionsAfterWhatTheyHangOn) {
  const auto space = checked(conditional_space());
  ASSERT_OK(space);
  EXPECT_EQ((*space)[0].name, "optimiser");
  EXPECT_EQ((*space)[1].name, "momentum");
  EXPECT_EQ(std::get<IntRange>((*space)[2].distribution).high, 32);
}

TEST(Space, AsksForAConditionalParameterOnlyWhereItExists) {
  const auto space = checked(conditional_space()).value();
  const auto storage = memory_storage();
  Study study = Study::open(*storage, "study", test::kMinimize, random_sampler(1)).value();
  std::set<std::size_t> counts;
  for (int i = 0; i < 20; ++i) {
    auto trial = study.ask().value();
    const auto values = suggest(trial, space).value();
    const bool is_sgd = values[0].second == text("sgd");
    EXPECT_EQ(values.size(), is_sgd ? 3U : 2U);
    EXPECT_EQ(trial.record().parameters.size(), values.size());
    counts.insert(values.size());
  }
  EXPECT_EQ(counts.size(), 2U);
}

TEST(Space, RefusesWhatCannotBe) {
  const SpaceParameter x{"x", FloatRange{}, "", {}};
  EXPECT_ERROR(checked(Space{x, x}), ErrorCode::usage);
  EXPECT_ERROR(checked(Space{{"x", FloatRange{2, 1, false, std::nullopt}, "", {}}}),
               ErrorCode::usage);
  auto space = conditional_space();
  space[0].is = {text("adam")};
  EXPECT_ERROR(checked(space), ErrorCode::usage);
  space[0].is.clear();
  EXPECT_ERROR(checked(space), ErrorCode::usage);
  space[0].when = "nothing";
  EXPECT_ERROR(checked(space), ErrorCode::usage);
  EXPECT_ERROR(checked(Space{{"a", FloatRange{}, "b", {Value{0.5}}},
                             {"b", FloatRange{}, "a", {Value{0.5}}}}),
               ErrorCode::usage);
}

TEST(Space, ListsItsValuesForAGrid) {
  const auto grid = grid_of(checked(conditional_space()).value());
  ASSERT_OK(grid);
  EXPECT_EQ((*grid)[0].second.size(), 2U);
  EXPECT_EQ((*grid)[1].second.size(), 2U);
  EXPECT_EQ((*grid)[2].second, (std::vector<Value>{std::int64_t{8}, std::int64_t{16},
                                                   std::int64_t{24}, std::int64_t{32}}));
  EXPECT_ERROR(grid_of({{"x", FloatRange{}, "", {}}}), ErrorCode::usage);
}

}  // namespace
}  // namespace bloodcell::tune
