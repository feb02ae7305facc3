#include <bloodcell/tune/distribution.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace bloodcell::tune {
namespace {

constexpr double kStepTolerance = 1e-8;
constexpr std::int64_t kLargestExact = std::int64_t{1} << 53;  // every integer up to it is a double

tl::unexpected<Error> wrong(std::string_view what) {
  return fail(ErrorCode::usage, fmt::format("a hyperparameter's range: {}", what));
}

Result<Distribution> checked_range(FloatRange range) {
  if (!std::isfinite(range.low) || !std::isfinite(range.high))
    return wrong("low and high must be finite");
  if (range.low > range.high)
    return wrong(fmt::format("low {} is above high {}", range.low, range.high));
  if (range.log && range.low <= 0) return wrong("a logarithmic one must begin above 0");
  if (!range.step) return range;
  if (range.log) return wrong("a logarithmic one has no step");
  const double step = *range.step;
  if (!(step > 0) || !std::isfinite(step)) return wrong("the step must be above 0");
  const double steps = std::floor((range.high - range.low) / step + kStepTolerance);
  const double last = range.low + steps * step;
  if (std::abs(last - range.high) > kStepTolerance * step) range.high = last;
  return range;
}

Result<Distribution> checked_range(IntRange range) {
  if (range.low > range.high)
    return wrong(fmt::format("low {} is above high {}", range.low, range.high));
  if (range.low < -kLargestExact || range.high > kLargestExact)
    return wrong("integers beyond 2^53 lose digits");
  if (range.step < 1) return wrong("the step must be at least 1");
  if (range.log && range.low < 1) return wrong("a logarithmic one must begin at 1 or above");
  if (range.log && range.step != 1) return wrong("a logarithmic one has no step");
  range.high = range.low + (range.high - range.low) / range.step * range.step;
  return range;
}

Result<Distribution> checked_range(Categories categories) {
  if (categories.choices.empty()) return wrong("no choice is given");
  return categories;
}

std::optional<double> number_of(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  return std::nullopt;
}

// 1 and 1.0 are one choice, as in Python; true and 1 are two.
bool is_same(const Value& a, const Value& b) {
  if (a == b) return true;
  const auto x = number_of(a);
  const auto y = number_of(b);
  return x && y && *x == *y;
}

}  // namespace

Result<Distribution> checked(Distribution distribution) {
  return std::visit([](auto& range) { return checked_range(std::move(range)); }, distribution);
}

bool is_single(const Distribution& distribution) {
  if (const auto* categories = std::get_if<Categories>(&distribution))
    return categories->choices.size() == 1;
  return std::visit(
      [](const auto& range) {
        if constexpr (requires { range.low; }) return range.low == range.high;
        return false;
      },
      distribution);
}

double first_of(const Distribution& distribution) {
  if (const auto* range = std::get_if<FloatRange>(&distribution)) return range->low;
  if (const auto* range = std::get_if<IntRange>(&distribution))
    return static_cast<double>(range->low);
  return 0;
}

bool contains(const Distribution& distribution, double inner) {
  if (!std::isfinite(inner)) return false;
  const auto on_steps = [&](double low, double high, double step) {
    const double steps = (inner - low) / step;
    return inner >= low - kStepTolerance * step && inner <= high + kStepTolerance * step &&
           std::abs(steps - std::round(steps)) < kStepTolerance;
  };
  if (const auto* range = std::get_if<FloatRange>(&distribution)) {
    if (range->step) return on_steps(range->low, range->high, *range->step);
    return inner >= range->low && inner <= range->high;
  }
  if (const auto* range = std::get_if<IntRange>(&distribution)) {
    return on_steps(static_cast<double>(range->low), static_cast<double>(range->high),
                    static_cast<double>(range->step));
  }
  return inner >= 0 && inner < static_cast<double>(choice_count(distribution)) &&
         inner == std::floor(inner);
}

Value outer_of(const Distribution& distribution, double inner) {
  if (std::holds_alternative<FloatRange>(distribution)) return inner;
  if (std::holds_alternative<IntRange>(distribution))
    return static_cast<std::int64_t>(std::llround(inner));
  return std::get<Categories>(distribution).choices.at(static_cast<std::size_t>(inner));
}

Result<double> inner_of(const Distribution& distribution, const Value& outer) {
  if (const auto* categories = std::get_if<Categories>(&distribution)) {
    for (std::size_t i = 0; i < categories->choices.size(); ++i) {
      if (is_same(categories->choices[i], outer)) return static_cast<double>(i);
    }
    return fail(ErrorCode::usage, fmt::format("{} is none of the choices", to_text(outer)));
  }
  const auto number = number_of(outer);
  if (!number || !contains(distribution, *number)) {
    return fail(ErrorCode::usage, fmt::format("{} is outside the range", to_text(outer)));
  }
  return *number;
}

Result<void> check_compatible(const Distribution& known, const Distribution& asked) {
  const auto differ = [](std::string_view what) {
    return fail(ErrorCode::mismatch,
                fmt::format("the study knows this hyperparameter with {}", what), {},
                "use another name for it, or another study");
  };
  if (known.index() != asked.index()) return differ("another kind of range");
  if (const auto* categories = std::get_if<Categories>(&known)) {
    if (*categories != std::get<Categories>(asked)) return differ("other choices");
    return {};
  }
  if (interval_of(known).log != interval_of(asked).log) return differ("another scale");
  return {};
}

Interval interval_of(const Distribution& distribution) {
  Interval interval;
  if (const auto* range = std::get_if<FloatRange>(&distribution)) {
    interval = {range->low, range->high, range->log, range->step.value_or(0)};
  } else if (const auto* integers = std::get_if<IntRange>(&distribution)) {
    interval = {static_cast<double>(integers->low), static_cast<double>(integers->high),
                integers->log, static_cast<double>(integers->step)};
  }
  interval.low -= interval.step / 2;
  interval.high += interval.step / 2;
  if (interval.log) {
    interval.low = std::log(interval.low);
    interval.high = std::log(interval.high);
  }
  return interval;
}

double snapped(const Distribution& distribution, double point) {
  const Interval interval = interval_of(distribution);
  const double value = interval.log ? std::exp(point) : point;
  const auto on_steps = [&](double low, double high) {
    const double steps = std::round((value - low) / interval.step);
    return std::clamp(low + steps * interval.step, low, high);
  };
  if (const auto* range = std::get_if<FloatRange>(&distribution)) {
    if (interval.step > 0) return on_steps(range->low, range->high);
    return std::clamp(value, range->low, range->high);
  }
  if (const auto* range = std::get_if<IntRange>(&distribution))
    return on_steps(static_cast<double>(range->low), static_cast<double>(range->high));
  return value;
}

std::size_t choice_count(const Distribution& distribution) {
  const auto* categories = std::get_if<Categories>(&distribution);
  return categories == nullptr ? 0 : categories->choices.size();
}

double at_quantile(const Distribution& distribution, double u) {
  if (const std::size_t count = choice_count(distribution); count > 0) {
    const double position = std::floor(u * static_cast<double>(count));
    return std::min(position, static_cast<double>(count - 1));
  }
  const Interval interval = interval_of(distribution);
  return snapped(distribution, interval.low + u * (interval.high - interval.low));
}

std::string to_text(const Value& value) {
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{:.6g}", *number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return "none";
}

}  // namespace bloodcell::tune
