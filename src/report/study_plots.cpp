#include "study_plots.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bloodcell/report/curve_svg.hpp>
#include <bloodcell/report/svg.hpp>
#include <bloodcell/tune/importance.hpp>

namespace bloodcell::report {
namespace {

using tune::TrialRecord;
using tune::TrialState;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr CurvePoint kLift{kNaN, kNaN};
constexpr std::size_t kMostSlices = 12;
constexpr const char* kQuarters[] = {"best quarter", "second", "third", "worst quarter"};

tune::StudyView view_of(const SearchedStudy& study) {
  return {study.name, study.directions, study.trials};
}

bool is_shown(const TrialRecord& trial) {
  return trial.state == TrialState::complete && !trial.values.empty() &&
         std::ranges::all_of(trial.values, [](double value) { return std::isfinite(value); });
}

// The frame around all points; the axes end at round numbers.
std::string framed(CurvePlot plot) {
  double low[2] = {INFINITY, INFINITY};
  double high[2] = {-INFINITY, -INFINITY};
  for (const auto& curve : plot.curves) {
    for (const auto& point : curve.points) {
      if (std::isnan(point.x) || std::isnan(point.y)) continue;
      low[0] = std::min(low[0], point.x);
      high[0] = std::max(high[0], point.x);
      low[1] = std::min(low[1], point.y);
      high[1] = std::max(high[1], point.y);
    }
  }
  if (!std::isfinite(low[0])) return {};
  const auto x = ticks(low[0], high[0]);
  const auto y = ticks(low[1], high[1]);
  plot.x_low = plot.x_names.empty() ? x.front() : -0.5;
  plot.x_high = plot.x_names.empty() ? x.back() : static_cast<double>(plot.x_names.size()) - 0.5;
  plot.y_low = plot.y_names.empty() ? y.front() : -0.5;
  plot.y_high = plot.y_names.empty() ? y.back() : static_cast<double>(plot.y_names.size()) - 0.5;
  return to_svg(plot);
}

// Complete trials parted by value into four groups, best first. Plots draw them from the last on,
// so that the best lie on top.
std::vector<std::vector<const TrialRecord*>> quarters_of(const SearchedStudy& study) {
  std::vector<const TrialRecord*> ranked;
  for (const auto& trial : study.trials) {
    if (is_shown(trial)) ranked.push_back(&trial);
  }
  std::ranges::stable_sort(ranked, [&](const auto* a, const auto* b) {
    return tune::is_better(study.directions[0], a->values[0], b->values[0]);
  });
  std::vector<std::vector<const TrialRecord*>> quarters(4);
  for (std::size_t i = 0; i < ranked.size(); ++i)
    quarters[i * 4 / ranked.size()].push_back(ranked[i]);
  return quarters;
}

struct Place {
  double value = 0;
  std::string axis;
  std::vector<std::string> names{};  // of the choices, where it is one
};

// Where a parameter stands on an axis of its own: its number, the logarithm of it, or its choice's
// place, which has a name.
Place place_of(const tune::Parameter& parameter) {
  if (const std::size_t choices = tune::choice_count(parameter.distribution); choices > 0) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < choices; ++i) {
      names.push_back(
          tune::to_text(tune::outer_of(parameter.distribution, static_cast<double>(i))));
    }
    return {parameter.inner, parameter.name, std::move(names)};
  }
  if (tune::interval_of(parameter.distribution).log)
    return {std::log10(parameter.inner), "log₁₀ " + parameter.name, {}};
  return {parameter.inner, parameter.name, {}};
}

std::vector<std::string> names_of(const SearchedStudy& study) {
  std::vector<std::string> names;
  for (const auto& importance : tune::importances(view_of(study))) names.push_back(importance.name);
  for (const auto& trial : study.trials) {
    for (const auto& parameter : trial.parameters) {
      if (!tune::is_single(parameter.distribution) &&
          std::ranges::find(names, parameter.name) == names.end())
        names.push_back(parameter.name);
    }
  }
  return names;
}

}  // namespace

std::string history_plot(const SearchedStudy& study) {
  if (study.directions.size() != 1) return {};
  Curve best{"best so far"};
  Curve each{"trial", {}, true, false};
  for (const auto& trial : study.trials) {
    if (!is_shown(trial)) continue;
    const auto number = static_cast<double>(trial.number);
    each.points.push_back({number, trial.values[0]});
    const bool is_new_best =
        trial.violation() == 0 &&
        (best.points.empty() ||
         tune::is_better(study.directions[0], trial.values[0], best.points.back().y));
    if (is_new_best) {
      best.points.push_back({number, trial.values[0]});
    } else if (!best.points.empty()) {
      best.points.push_back({number, best.points.back().y});
    }
  }
  return framed({.title = "History",
                 .x_axis = "trial",
                 .y_axis = study.objectives[0],
                 .curves = {best, each}});
}

std::string reports_plot(const SearchedStudy& study) {
  // With dots: a trial that was pruned at once has one report.
  Curve complete{"complete", {}, true};
  Curve pruned{"pruned", {}, true};
  Curve other{"failed or running", {}, true};
  for (const auto& trial : study.trials) {
    auto& curve = trial.state == TrialState::complete ? complete
                  : trial.state == TrialState::pruned ? pruned
                                                      : other;
    for (const auto& [step, value] : trial.reports) {
      if (std::isfinite(value)) curve.points.push_back({static_cast<double>(step), value});
    }
    curve.points.push_back(kLift);
  }
  return framed({.title = "Each trial on its way",
                 .x_axis = "step (epoch, fold)",
                 .y_axis = "reported",
                 .curves = {complete, pruned, other}});
}

std::string importance_plot(const SearchedStudy& study) {
  Bars bars{"What mattered", "share of the importance, %", {"importance"}, {}};
  for (const auto& importance : tune::importances(view_of(study)))
    bars.rows.push_back({importance.name, {100 * importance.share}});
  return bars.rows.empty() ? std::string() : to_svg(bars);
}

std::vector<std::string> slice_plots(const SearchedStudy& study) {
  std::vector<std::string> plots;
  for (const auto& name : names_of(study)) {
    if (plots.size() == kMostSlices) break;
    Curve each{"trial", {}, true, false};
    CurvePlot plot{.title = name, .x_axis = "", .y_axis = study.objectives[0]};
    for (const auto& trial : study.trials) {
      const auto* parameter = trial.find(name);
      if (parameter == nullptr || !is_shown(trial)) continue;
      const Place place = place_of(*parameter);
      plot.x_axis = place.axis;
      plot.x_names = place.names;
      each.points.push_back({place.value, trial.values[0]});
    }
    plot.curves = {std::move(each)};
    auto drawn = framed(std::move(plot));
    if (!drawn.empty()) plots.push_back(std::move(drawn));
  }
  return plots;
}

std::string pair_plot(const SearchedStudy& study) {
  const auto names = names_of(study);
  if (names.size() < 2 || study.directions.size() != 1) return {};
  CurvePlot plot{.title = "The two that mattered most", .x_axis = "", .y_axis = ""};
  const auto quarters = quarters_of(study);
  for (std::size_t i = quarters.size(); i > 0; --i) {
    Curve curve{kQuarters[i - 1], {}, true, false};
    for (const auto* trial : quarters[i - 1]) {
      const auto* first = trial->find(names[0]);
      const auto* second = trial->find(names[1]);
      if (first == nullptr || second == nullptr) continue;
      const Place x = place_of(*first);
      const Place y = place_of(*second);
      plot.x_axis = x.axis;
      plot.x_names = x.names;
      plot.y_axis = y.axis;
      plot.y_names = y.names;
      curve.points.push_back({x.value, y.value});
    }
    plot.curves.push_back(std::move(curve));
  }
  return framed(std::move(plot));
}

std::string parallel_plot(const SearchedStudy& study) {
  const auto names = names_of(study);
  if (names.empty()) return {};
  CurvePlot plot{.title = "Parallel coordinates",
                 .x_axis = "setting: its number is named below",
                 .y_axis = "share of the range"};
  const auto quarters = quarters_of(study);
  for (std::size_t i = quarters.size(); i > 0; --i) {
    Curve curve{kQuarters[i - 1]};
    for (const auto* trial : quarters[i - 1]) {
      for (std::size_t n = 0; n < names.size(); ++n) {
        const auto* parameter = trial->find(names[n]);
        curve.points.push_back(parameter == nullptr ? kLift
                                                    : CurvePoint{static_cast<double>(n + 1),
                                                                 tune::share_of_range(*parameter)});
      }
      curve.points.push_back(kLift);
    }
    plot.curves.push_back(std::move(curve));
  }
  return framed(std::move(plot));
}

std::string parallel_names(const SearchedStudy& study) {
  std::vector<std::string> axes;
  for (const auto& name : names_of(study))
    axes.push_back(fmt::format("{} {}", axes.size() + 1, name));
  return fmt::format("{}", fmt::join(axes, ", "));
}

std::string front_plot(const SearchedStudy& study) {
  if (study.directions.size() < 2) return {};
  Curve front{"on the front", {}, true, false};
  Curve behind{"beaten", {}, true, false};
  const auto best = tune::front_of(view_of(study));
  for (const auto& trial : study.trials) {
    if (!is_shown(trial)) continue;
    const bool is_best = std::ranges::find(best, &trial) != best.end();
    (is_best ? front : behind).points.push_back({trial.values[0], trial.values[1]});
  }
  return framed({.title = "Pareto front",
                 .x_axis = study.objectives[0],
                 .y_axis = study.objectives[1],
                 .curves = {front, behind}});
}

std::string timeline_plot(const SearchedStudy& study) {
  std::optional<tune::Time> begin;
  for (const auto& trial : study.trials) {
    if (trial.started && (!begin || *trial.started < *begin)) begin = trial.started;
  }
  if (!begin) return {};
  Curve curves[] = {{"complete"}, {"pruned"}, {"failed"}};
  const auto minutes = [&](tune::Time time) {
    return std::chrono::duration<double, std::ratio<60>>(time - *begin).count();
  };
  for (const auto& trial : study.trials) {
    if (!trial.started || !trial.completed) continue;
    auto& curve = curves[trial.state == TrialState::complete ? 0
                         : trial.state == TrialState::pruned ? 1
                                                             : 2];
    const auto number = static_cast<double>(trial.number);
    curve.points.push_back({minutes(*trial.started), number});
    curve.points.push_back({minutes(*trial.completed), number});
    curve.points.push_back(kLift);
  }
  return framed({.title = "Timeline",
                 .x_axis = "minutes since the first trial began",
                 .y_axis = "trial",
                 .curves = {std::begin(curves), std::end(curves)}});
}

}  // namespace bloodcell::report
