#include <bloodcell/report/study_report.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bloodcell/report/html.hpp>

#include "study_plots.hpp"

namespace bloodcell::report {
namespace {

using tune::TrialRecord;
using tune::TrialState;

constexpr std::size_t kMostDrawn = 500;

SearchedStudy chosen(const SearchedStudy& study, const StudyPageOptions& options) {
  SearchedStudy part = study;
  if (options.complete_only || options.best_only > 0) {
    std::erase_if(part.trials,
                  [](const auto& trial) { return trial.state != TrialState::complete; });
  }
  if (options.best_only > 0 && study.directions.size() == 1) {
    std::ranges::stable_sort(part.trials, [&](const auto& a, const auto& b) {
      return tune::is_better(study.directions[0], a.values[0], b.values[0]);
    });
    part.trials.resize(std::min(part.trials.size(), options.best_only));
    std::ranges::sort(part.trials, {}, &TrialRecord::number);
  }
  return part;
}

std::string values_of(const TrialRecord& trial) {
  std::vector<std::string> values;
  for (const double value : trial.values) values.push_back(fmt::format("{:.4g}", value));
  return fmt::format("{}", fmt::join(values, ", "));
}

std::string settings_of(const TrialRecord& trial) {
  std::vector<std::string> settings;
  for (const auto& parameter : trial.parameters)
    settings.push_back(fmt::format("{} {}", parameter.name, tune::to_text(parameter.value())));
  return fmt::format("{}", fmt::join(settings, ", "));
}

std::string table_of(const SearchedStudy& study) {
  Table table{"Every trial",
              {">trial", "state", fmt::format(">{}", fmt::join(study.objectives, ", ")), ">reports",
               "settings"},
              {}};
  for (const auto& trial : study.trials) {
    table.rows.push_back({std::to_string(trial.number), std::string(tune::name_of(trial.state)),
                          values_of(trial), std::to_string(trial.reports.size()),
                          escape(settings_of(trial))});
  }
  return to_html(table);
}

std::string head_of(const SearchedStudy& study) {
  const auto count = [&](TrialState state) {
    return std::to_string(std::ranges::count(study.trials, state, &TrialRecord::state));
  };
  std::string head = facts({{count(TrialState::complete), "complete trials"},
                            {count(TrialState::pruned), "pruned"},
                            {count(TrialState::failed), "failed"},
                            {count(TrialState::running), "running"}});
  const tune::StudyView view{study.name, study.directions, study.trials};
  if (const auto* best = tune::best_of(view)) {
    head += paragraph(fmt::format("Best: trial {} with {} {}; {}.", best->number,
                                  study.objectives[0], values_of(*best), settings_of(*best)));
  }
  return head;
}

void add_section(Page& page, const char* heading, std::vector<std::string> plots,
                 const std::string& caption) {
  std::erase_if(plots, [](const std::string& plot) { return plot.empty(); });
  if (plots.empty()) return;
  std::vector<std::string> figures;
  for (const auto& plot : plots) figures.push_back(figure(plot, caption));
  page.section(heading, grid(figures));
}

}  // namespace

std::string page_of(const SearchedStudy& study, const StudyPageOptions& options) {
  const SearchedStudy shown = chosen(study, options);
  SearchedStudy drawn = shown;
  if (drawn.trials.size() > kMostDrawn)
    drawn.trials.erase(drawn.trials.begin(),
                       drawn.trials.end() - static_cast<std::ptrdiff_t>(kMostDrawn));
  Page page(fmt::format("Search: {}", study.name),
            fmt::format("{} trials, judged by {}", study.trials.size(),
                        fmt::join(study.objectives, ", ")));
  page.add(head_of(study));
  add_section(page, "How it went", {history_plot(drawn), reports_plot(drawn), timeline_plot(drawn)},
              "A point or a line is a trial.");
  add_section(page, "Pareto front", {front_plot(drawn)}, "No other trial beats those on it.");
  add_section(page, "What mattered", {importance_plot(drawn), pair_plot(drawn)},
              "Importance: PED-ANOVA (Watanabe et al. 2023) of the best tenth against all.");
  add_section(page, "One setting at a time", slice_plots(drawn), "A point is a complete trial.");
  add_section(
      page, "All settings together", {parallel_plot(drawn)},
      fmt::format("A line is a complete trial; 0 is the low end of a range, 1 the high end. "
                  "Settings: {}.",
                  parallel_names(drawn)));
  page.section("Trials", table_of(shown));
  return page.text();
}

}  // namespace bloodcell::report
