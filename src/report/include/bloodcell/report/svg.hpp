// Plots as SVG: one row a class or source, names to the left, values along the bottom. Drawn for a
// width of 400, they keep readable from phone to desktop; colours follow the reader's light or dark
// mode. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bloodcell::report {

// Values at 1, 2 or 5 times a power of ten that reach from at or below `low` to at or above `high`;
// 3 to 8 of them. low ≤ high, finite; equal ones are set apart.
[[nodiscard]] std::vector<double> ticks(double low, double high);

struct BarRow {
  std::string name;
  std::vector<double> values;  // ≥ 0, one for each series, stacked
};
struct Bars {
  std::string title;  // also its name for readers that cannot see it
  std::string axis;   // what is counted
  std::vector<std::string> series;
  std::vector<BarRow> rows;
};
[[nodiscard]] std::string to_svg(const Bars& bars);

struct BoxRow {
  std::string name;
  double low = 0, q1 = 0, median = 0, q3 = 0, high = 0, mean = 0;
};
// Box: the middle half; line: median; dot: mean; whiskers: low and high.
struct BoxPlot {
  std::string title;
  std::string axis;
  std::vector<BoxRow> rows;
};
[[nodiscard]] std::string to_svg(const BoxPlot& plot);

// A plot that to_svg made, as a file of its own, with its style.
[[nodiscard]] std::string standalone(std::string_view svg);

// The style of plots, for a page that holds them.
[[nodiscard]] std::string_view plot_style();

}  // namespace bloodcell::report
