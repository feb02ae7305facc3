// What the page and the PDF of a count say alike.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <bloodcell/differential/differential.hpp>

namespace bloodcell::report {

inline std::string percent(double share) { return fmt::format("{:.1f}", 100 * share); }

inline std::string between(const metrics::Interval& interval) {
  return fmt::format("{} – {}", percent(interval.low), percent(interval.high));
}

inline std::string range_of(const differential::WhiteClass& of) {
  return of.range ? fmt::format("{:g} – {:g}", of.range->low_percent, of.range->high_percent) : "–";
}

// The white classes of a count as texts; a `>` before a column's name sets it right.
struct ClassTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  bool is_corrected = false;
  bool has_ranges = false;
};

inline ClassTable class_table(const differential::Differential& count) {
  const auto any = [&](auto has) { return std::ranges::any_of(count.classes, has); };
  ClassTable table{{"class", ">cells", ">percent", ">95 %"}, {}, false, false};
  table.is_corrected = any([](const auto& of) { return of.corrected.has_value(); });
  table.has_ranges = any([](const auto& of) { return of.range.has_value(); });
  if (table.is_corrected) table.columns.insert(table.columns.end(), {">corrected", ">95 %"});
  if (table.has_ranges) table.columns.insert(table.columns.end(), {">reference", "place"});
  for (const auto& of : count.classes) {
    std::vector<std::string> row{of.label, fmt::format("{}", of.count), percent(of.share),
                                 between(of.interval)};
    if (table.is_corrected) {
      row.push_back(of.corrected ? percent(*of.corrected) : "–");
      row.push_back(of.corrected ? between(of.corrected_interval) : "–");
    }
    if (table.has_ranges) {
      row.push_back(range_of(of));
      row.emplace_back(differential::name_of(of.placed));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

inline constexpr const char* kAboutInterval =
    "The interval is exact binomial (Clopper and Pearson; Rümke's table): how far chance alone "
    "moves a count of so many cells. Unidentified cells are left out.";
// What the labels do not say by themselves.
inline std::string about_labels(const differential::Differential& count) {
  for (const auto& of : count.classes) {
    if (of.label == "ig") return " ig: immature granulocytes.";
  }
  return {};
}
inline constexpr const char* kAboutCorrection =
    "Corrected: without the confusions the model is known to make on cells of known class; its "
    "interval adds their uncertainty.";
inline std::string about_ranges(const std::string& source) {
  return "Below, within or above stands only where the whole interval lies there; unclear where it "
         "reaches across an end of the range: count more cells. Reference ranges: " +
         (source.empty() ? "source not named" : source) + ".";
}
inline constexpr const char* kAboutEstimates =
    "Whole cells found in each field. A smear is no counting chamber: only where a red-cell count "
    "of the same blood is given do ratios to red cells become counts (Fonio 1912). Fields chosen "
    "because they show white cells overstate those.";

// Name and value, row by row.
inline std::vector<std::pair<std::string, std::string>> estimate_rows(
    const differential::FieldEstimates& of) {
  const auto count = [](const differential::FieldCount& cells) {
    return fmt::format("{:.1f} ({} – {})", cells.mean, cells.fewest, cells.most);
  };
  std::vector<std::pair<std::string, std::string>> rows{
      {fmt::format("red cells a field, mean of {} (fewest – most)", of.fields), count(of.red)},
      {"platelets a field (fewest – most)", count(of.platelets)},
      {"white cells per 1000 red cells", fmt::format("{:.1f}", of.white_per_1000_red)},
      {"platelets per 1000 red cells", fmt::format("{:.1f}", of.platelets_per_1000_red)}};
  if (of.white_per_litre) {
    rows.emplace_back("white cells, estimated",
                      fmt::format("{:.1f} × 10^9/l", *of.white_per_litre));
    rows.emplace_back("platelets, estimated",
                      fmt::format("{:.0f} × 10^9/l", *of.platelets_per_litre));
  }
  return rows;
}

}  // namespace bloodcell::report
