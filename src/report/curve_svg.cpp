#include <bloodcell/report/curve_svg.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include <bloodcell/report/svg.hpp>

#include "svg_parts.hpp"

namespace bloodcell::report {

namespace {

constexpr double kLeft = 56;
constexpr double kRight = 388;
constexpr double kHeight = 250;
constexpr std::size_t kMostPoints = 400;

// Values → places within the frame.
class Frame {
 public:
  Frame(const CurvePlot& plot, double top) : plot_(plot), top_(top) {}

  [[nodiscard]] double x(double value) const {
    return kLeft + (kRight - kLeft) * share(value, plot_.x_low, plot_.x_high);
  }
  [[nodiscard]] double y(double value) const {
    return top_ + kHeight * (1 - share(value, plot_.y_low, plot_.y_high));
  }
  [[nodiscard]] double bottom() const { return top_ + kHeight; }

  [[nodiscard]] std::string draw() const {
    std::string drawn;
    for (const auto& [tick, name] : marks(plot_.x_low, plot_.x_high, plot_.x_names, kWidest)) {
      drawn += line(x(tick), top_, x(tick), bottom());
      drawn += text_at(x(tick), bottom() + 15, name, "middle", "bc-soft");
    }
    for (const auto& [tick, name] : marks(plot_.y_low, plot_.y_high, plot_.y_names, kNarrow)) {
      drawn += line(kLeft, y(tick), kRight, y(tick));
      drawn += text_at(kLeft - 6, y(tick) + 4, name, "end", "bc-soft");
    }
    drawn += text_at((kLeft + kRight) / 2, bottom() + 32, plot_.x_axis, "middle", "bc-soft");
    drawn += fmt::format("<g transform=\"translate(13 {:.1f}) rotate(-90)\">{}</g>",
                         top_ + kHeight / 2, text_at(0, 0, plot_.y_axis, "middle", "bc-soft"));
    return drawn;
  }

 private:
  static constexpr double kRounding = 1e-9;
  static constexpr std::size_t kWidest = 48;  // characters of all names along the axis
  static constexpr std::size_t kNarrow = 7;   // of one beside it

  struct Mark {
    double place = 0;
    std::string name;
  };
  // `most`: characters of a name; along x they share what there is.
  static std::vector<Mark> marks(double low, double high, const std::vector<std::string>& names,
                                 std::size_t most) {
    std::vector<Mark> made;
    const std::size_t longest =
        most == kWidest ? std::max<std::size_t>(3, kWidest / std::max<std::size_t>(1, names.size()))
                        : most;
    for (std::size_t i = 0; i < names.size(); ++i) {
      made.push_back({static_cast<double>(i), shortened(names[i], longest)});
    }
    if (!names.empty()) return made;
    for (const double tick : ticks(low, high)) {
      if (tick > high + kRounding || tick < low - kRounding) continue;
      made.push_back({tick, number(tick)});
    }
    return made;
  }
  static double share(double value, double low, double high) {
    return std::clamp((value - low) / (high - low), 0.0, 1.0);
  }

  const CurvePlot& plot_;
  double top_;
};

bool is_lifted(const CurvePoint& point) { return std::isnan(point.x) || std::isnan(point.y); }

std::string stroke(const std::string& places, const std::string& name, std::size_t colour) {
  return fmt::format("<polyline class=\"bc-l{}\" points=\"{}\">{}</polyline>", colour, places,
                     tip(name));
}

std::string draw_curve(const Curve& curve, const Frame& frame, std::size_t colour) {
  const std::size_t points = curve.points.size();
  if (points == 0) return {};
  const bool has_one_stroke = std::ranges::none_of(curve.points, is_lifted);
  const std::size_t drawn = has_one_stroke ? std::min(points, kMostPoints) : points;
  std::string places;
  std::string strokes;
  std::string dots;
  for (std::size_t i = 0; i < drawn; ++i) {
    const auto& point = curve.points[drawn == 1 ? 0 : i * (points - 1) / (drawn - 1)];
    if (is_lifted(point)) {
      if (!places.empty() && curve.strokes) strokes += stroke(places, curve.name, colour);
      places.clear();
      continue;
    }
    places += fmt::format("{}{:.1f},{:.1f}", places.empty() ? "" : " ", frame.x(point.x),
                          frame.y(point.y));
    if (!curve.dots) continue;
    dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" class=\"bc-s{}\">{}</circle>",
                        frame.x(point.x), frame.y(point.y), colour,
                        tip(fmt::format("{}: {:.4g}, {:.4g}", curve.name, point.x, point.y)));
  }
  if (!places.empty() && curve.strokes) strokes += stroke(places, curve.name, colour);
  return strokes + dots;
}

}  // namespace

std::string to_svg(const CurvePlot& plot) {
  double top = 34;
  std::string content;
  if (plot.curves.size() > 1) {
    std::vector<std::string> names;
    for (const auto& curve : plot.curves) names.push_back(curve.name);
    top = 40;
    content += legend(names, top);
  }
  const Frame frame(plot, top);
  content += frame.draw();
  if (plot.has_diagonal) content += line(kLeft, frame.bottom(), kRight, top, "bc-rule");
  for (const auto& foot : plot.feet) {
    content += text_at(frame.x(foot.x), frame.bottom() - 5, foot.text, "middle", "bc-small");
  }
  for (std::size_t i = 0; i < plot.curves.size(); ++i) {
    content += draw_curve(plot.curves[i], frame, i % kSeriesColours);
  }
  return svg_of(plot.title, frame.bottom() + 42, content);
}

std::string to_svg(const MatrixPlot& plot) {
  constexpr double kNames = 104;
  constexpr double kTop = 42;
  constexpr double kDarkest = 0.6;  // so that the text stays readable
  const std::size_t classes = std::max<std::size_t>(plot.labels.size(), 1);
  const double side = std::min(36.0, (kPlotWidth - kNames - 8) / static_cast<double>(classes));
  const double bottom = kTop + side * static_cast<double>(plot.labels.size());
  std::string content = text_at(kNames - 8, kTop - 8, "truth ↓", "end", "bc-soft") +
                        text_at(kNames, kTop - 8, "said →", "start", "bc-soft");
  for (std::size_t row = 0; row < plot.labels.size(); ++row) {
    const auto& values = plot.values[row];
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    const double y = kTop + side * static_cast<double>(row);
    content += text_at(kNames - 8, y + side / 2 + 4, shortened(plot.labels[row], 15), "end");
    for (std::size_t column = 0; column < values.size(); ++column) {
      const double x = kNames + side * static_cast<double>(column);
      const double share = sum > 0 ? values[column] / sum : 0;
      const double shown = plot.as_percent ? 100 * share : values[column];
      content += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"bc-cell\" "
          "fill-opacity=\"{:.3f}\">{}</rect>",
          x, y, side, side, kDarkest * share,
          tip(fmt::format("{} called {}: {:g}, {:.1f} % of the row", plot.labels[row],
                          plot.labels[column], values[column], 100 * share)));
      if (values[column] > 0 && side >= 18) {
        content += text_at(x + side / 2, y + side / 2 + 4,
                           plot.as_percent ? fmt::format("{:.0f}", shown) : number(shown), "middle",
                           "bc-small");
      }
    }
  }
  for (std::size_t column = 0; column < plot.labels.size(); ++column) {
    content += fmt::format("<g transform=\"translate({:.1f} {:.1f}) rotate(-45)\">{}</g>",
                           kNames + side * (static_cast<double>(column) + 0.5) + 4, bottom + 12,
                           text_at(0, 0, shortened(plot.labels[column], 15), "end"));
  }
  return svg_of(plot.title, bottom + 84, content);
}

}  // namespace bloodcell::report
