#include <bloodcell/tune/space.hpp>

#include <algorithm>

namespace bloodcell::tune {
namespace {

tl::unexpected<Error> wrong(const std::string& name, std::string_view what) {
  return fail(ErrorCode::usage, fmt::format("{}: {}", name, what));
}

Result<void> check_condition(const SpaceParameter& parameter, const SpaceParameter& on) {
  if (parameter.is.empty()) return wrong(parameter.name, "its condition names no value");
  for (const auto& value : parameter.is) {
    if (!inner_of(on.distribution, value)) {
      return wrong(parameter.name, fmt::format("{} is never {}", parameter.when, to_text(value)));
    }
  }
  return {};
}

const Value* find_value(const NamedValues& values, const std::string& name) {
  const auto found = std::ranges::find(values, name, &std::pair<std::string, Value>::first);
  return found == values.end() ? nullptr : &found->second;
}

bool exists(const SpaceParameter& parameter, const Space& space, const NamedValues& values) {
  if (parameter.when.empty()) return true;
  const Value* value = find_value(values, parameter.when);
  if (value == nullptr) return false;
  const auto on = std::ranges::find(space, parameter.when, &SpaceParameter::name);
  const auto inner = inner_of(on->distribution, *value);
  return std::ranges::any_of(parameter.is, [&](const Value& wanted) {
    const auto other = inner_of(on->distribution, wanted);
    return inner && other && *inner == *other;
  });
}

}  // namespace

Result<Space> checked(Space space) {
  Space ordered;
  while (!space.empty()) {
    const auto is_ready = [&](const SpaceParameter& parameter) {
      return parameter.when.empty() ||
             std::ranges::find(ordered, parameter.when, &SpaceParameter::name) != ordered.end();
    };
    const auto next = std::ranges::find_if(space, is_ready);
    if (next == space.end()) {
      return wrong(space.front().name,
                   fmt::format("it hangs on {}, which is not there or hangs on it in turn",
                               space.front().when));
    }
    SpaceParameter parameter = *next;
    space.erase(next);
    if (std::ranges::find(ordered, parameter.name, &SpaceParameter::name) != ordered.end())
      return wrong(parameter.name, "it is there twice");
    auto range = checked(parameter.distribution);
    if (!range) return wrong(parameter.name, range.error().message);
    parameter.distribution = std::move(*range);
    if (!parameter.when.empty()) {
      BC_CHECK(check_condition(parameter,
                               *std::ranges::find(ordered, parameter.when, &SpaceParameter::name)));
    }
    ordered.push_back(std::move(parameter));
  }
  return ordered;
}

Result<NamedValues> suggest(Trial& trial, const Space& space) {
  NamedValues values;
  for (const auto& parameter : space) {
    if (!exists(parameter, space, values)) continue;
    BC_ASSIGN(auto value, trial.suggest(parameter.name, parameter.distribution));
    values.emplace_back(parameter.name, std::move(value));
  }
  return values;
}

Result<Grid> grid_of(const Space& space) {
  constexpr double kMostValues = 10'000;
  Grid grid;
  for (const auto& [name, distribution, when, is] : space) {
    std::vector<Value> values;
    if (const auto* categories = std::get_if<Categories>(&distribution)) {
      values = categories->choices;
    } else {
      const Interval interval = interval_of(distribution);
      if (interval.step == 0 && !is_single(distribution)) {
        return fail(ErrorCode::usage, fmt::format("{}: a grid needs steps or choices", name), {},
                    "give it a step, or take another sampler");
      }
      const double first = first_of(distribution);
      for (double i = 0; i < kMostValues && contains(distribution, first + i * interval.step);
           ++i) {
        values.push_back(outer_of(distribution, first + i * interval.step));
        if (interval.step == 0) break;
      }
    }
    grid.emplace_back(name, std::move(values));
  }
  return grid;
}

}  // namespace bloodcell::tune
