// What a hyperparameter may be. Values have two forms: the outer one (a number, a choice) and the
// inner one, a double that storage and samplers use: the number itself, or a choice's position.
// Both forms and the JSON are those of Optuna, so that a study can be shared with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <bloodcell/base/result.hpp>

namespace bloodcell::tune {

// One of a category's values, or the outer form of any parameter: nothing, a truth, a number, a
// text.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

struct FloatRange {
  double low = 0;  // both ends belong to it
  double high = 1;
  bool log = false;            // uniform in the logarithm; then low > 0 and no step
  std::optional<double> step;  // low, low + step, …; high is one of them
  bool operator==(const FloatRange&) const = default;
};

struct IntRange {
  std::int64_t low = 0;
  std::int64_t high = 1;
  bool log = false;  // then low ≥ 1 and step = 1
  std::int64_t step = 1;
  bool operator==(const IntRange&) const = default;
};

struct Categories {
  std::vector<Value> choices;
  bool operator==(const Categories&) const = default;
};

using Distribution = std::variant<FloatRange, IntRange, Categories>;

// Checked, with `high` brought down to the last step. Errors: usage.
[[nodiscard]] Result<Distribution> checked(Distribution distribution);

// Errors of the JSON: malformed. Reads the names that Optuna used before version 3, too.
[[nodiscard]] std::string to_json(const Distribution& distribution);
[[nodiscard]] Result<Distribution> distribution_from_json(std::string_view text);

// `low` itself, 0 for categories, where there is nothing to choose.
[[nodiscard]] bool is_single(const Distribution& distribution);
[[nodiscard]] double first_of(const Distribution& distribution);

[[nodiscard]] bool contains(const Distribution& distribution, double inner);
[[nodiscard]] Value outer_of(const Distribution& distribution, double inner);
// Errors: usage (outside the range, not one of the choices, of another kind).
[[nodiscard]] Result<double> inner_of(const Distribution& distribution, const Value& outer);

// A name keeps its kind, its scale and its choices through a study. Errors: mismatch.
[[nodiscard]] Result<void> check_compatible(const Distribution& known, const Distribution& asked);

// Numbers as a person would write them, texts as they are, `none` for nothing.
[[nodiscard]] std::string to_text(const Value& value);

// As JSON and from it; from_json takes scalars only. Errors: malformed.
[[nodiscard]] std::string value_to_json(const Value& value);
[[nodiscard]] Result<Value> value_from_json(std::string_view text);

// The interval in which samplers work: half a step wider for stepped ranges, logarithms where `log`
// is set. Categories have none.
struct Interval {
  double low = 0;
  double high = 1;
  bool log = false;
  double step = 0;  // 0: continuous; in outer units
};
[[nodiscard]] Interval interval_of(const Distribution& distribution);
// A point of the interval -> the nearest inner value of the range.
[[nodiscard]] double snapped(const Distribution& distribution, double point);
[[nodiscard]] std::size_t choice_count(const Distribution& distribution);  // 0 for ranges

// u in [0, 1) -> inner value, uniform in the interval or over the choices.
[[nodiscard]] double at_quantile(const Distribution& distribution, double u);

}  // namespace bloodcell::tune
