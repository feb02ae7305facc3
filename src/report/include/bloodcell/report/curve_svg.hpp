// Plots of curves and of matrices, in the look of svg.hpp. Thread-safe.
#pragma once

#include <string>
#include <vector>

namespace bloodcell::report {

struct CurvePoint {
  double x = 0;
  double y = 0;
};
struct Curve {
  std::string name;
  std::vector<CurvePoint> points{};  // by rising x; one with NaN lifts the pen: then another stroke
  bool dots = false;                 // each point marked
  bool strokes = true;               // points joined
};
struct Foot {
  double x = 0;
  std::string text;  // short
};
struct CurvePlot {
  std::string title;
  std::string x_axis;
  std::string y_axis;
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;  // low < high
  std::vector<Curve> curves{};                          // without a legend when there is one
  bool has_diagonal = false;                            // dashed, from lower left to upper right
  std::vector<std::string> x_names{};  // of the places 0, 1, …, instead of numbers; none: numbers
  std::vector<std::string> y_names{};
  std::vector<Foot> feet{};  // small, along the lower edge
};
// At most 400 points of a curve of one stroke are drawn, evenly chosen with both ends; points
// outside the frame are moved to its edge.
[[nodiscard]] std::string to_svg(const CurvePlot& plot);

// Rows are truths, columns what was said; the darker, the larger a share of its row.
struct MatrixPlot {
  std::string title;
  std::vector<std::string> labels;
  std::vector<std::vector<double>> values;  // labels × labels, ≥ 0
  bool as_percent = false;                  // of the row instead of the value
};
[[nodiscard]] std::string to_svg(const MatrixPlot& plot);

}  // namespace bloodcell::report
