#include <bloodcell/report/svg.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <bloodcell/report/html.hpp>

#include "svg_parts.hpp"

namespace bloodcell::report {

namespace {

constexpr double kLeast = 112;   // for names
constexpr double kLetter = 7.2;  // the mean width of one in a wide font
constexpr double kRight = 380;
constexpr double kRow = 24;
constexpr double kBelow = 42;  // for ticks and the axis's name
constexpr std::size_t kNameLetters = 22;

constexpr std::string_view kStyle =
    ".bc{--bc-ink:#1d2430;--bc-soft:#5b6575;--bc-line:#d9dee6;--bc-box:#cfe1f5;--bc-edge:#1f5fa8;"
    "--bc-0:#1f6fb5;--bc-1:#e08a1e;--bc-2:#2a9d76;--bc-3:#b5518f;--bc-4:#7d6bc4;--bc-5:#8a7a2f;"
    "--bc-6:#4d8f9e;--bc-7:#8c939e;font:12px system-ui,sans-serif;display:block;width:100%;"
    "max-width:520px;height:auto}"
    "@media(prefers-color-scheme:dark){.bc{--bc-ink:#e6eaf0;--bc-soft:#a5afbd;--bc-line:#3a4350;"
    "--bc-box:#274765;--bc-edge:#8fc2f5;--bc-0:#5aa9e6;--bc-1:#f0a94a;--bc-2:#54c79c;"
    "--bc-3:#dc86bb;--bc-4:#a99af0;--bc-5:#c9b75c;--bc-6:#83c3d2;--bc-7:#a2a9b4}}"
    ".bc text{fill:var(--bc-ink)}.bc .bc-soft{fill:var(--bc-soft);font-size:11px}"
    ".bc .bc-title{font-weight:600;font-size:13px}"
    ".bc line{stroke:var(--bc-line)}.bc .bc-whisker,.bc .bc-median{stroke:var(--bc-edge)}"
    ".bc .bc-median{stroke-width:2.5}.bc .bc-box{fill:var(--bc-box);stroke:var(--bc-edge)}"
    ".bc .bc-mean{fill:var(--bc-1);stroke:var(--bc-ink);stroke-width:.6}"
    ".bc .bc-s0{fill:var(--bc-0)}.bc .bc-s1{fill:var(--bc-1)}.bc .bc-s2{fill:var(--bc-2)}"
    ".bc .bc-s3{fill:var(--bc-3)}.bc .bc-s4{fill:var(--bc-4)}.bc .bc-s5{fill:var(--bc-5)}"
    ".bc .bc-s6{fill:var(--bc-6)}.bc .bc-s7{fill:var(--bc-7)}"
    ".bc polyline{fill:none;stroke-width:2;stroke-linejoin:round}"
    ".bc .bc-l0{stroke:var(--bc-0)}.bc .bc-l1{stroke:var(--bc-1)}.bc .bc-l2{stroke:var(--bc-2)}"
    ".bc .bc-l3{stroke:var(--bc-3)}.bc .bc-l4{stroke:var(--bc-4)}.bc .bc-l5{stroke:var(--bc-5)}"
    ".bc .bc-l6{stroke:var(--bc-6)}.bc .bc-l7{stroke:var(--bc-7)}"
    ".bc .bc-rule{stroke:var(--bc-soft);stroke-dasharray:4 4}"
    ".bc .bc-cell{fill:var(--bc-0);stroke:var(--bc-line)}.bc .bc-small{font-size:10px}";

// Value → place along the bottom.
class Axis {
 public:
  Axis(double left, double low, double high) : left_(left), ticks_(ticks(low, high)) {}

  [[nodiscard]] double left() const { return left_; }

  [[nodiscard]] double place(double value) const {
    const double span = ticks_.back() - ticks_.front();
    return left_ + (kRight - left_) * (value - ticks_.front()) / span;
  }

  [[nodiscard]] std::string draw(double top, double bottom, std::string_view name) const {
    std::string drawn;
    for (const double tick : ticks_) {
      drawn += line(place(tick), top, place(tick), bottom);
      drawn += text_at(place(tick), bottom + 15, number(tick), "middle", "bc-soft");
    }
    return drawn + text_at((left_ + kRight) / 2, bottom + 32, name, "middle", "bc-soft");
  }

 private:
  double left_;
  std::vector<double> ticks_;
};

// Where the axis begins, so that the longest name has room.
template <class Row>
double left_of(const std::vector<Row>& rows) {
  double left = kLeast;
  for (const auto& row : rows) {
    const auto letters = static_cast<double>(std::min(row.name.size(), kNameLetters));
    left = std::max(left, 12 + kLetter * letters);
  }
  return left;
}

std::string row_name(const std::string& name, const Axis& axis, double middle) {
  return text_at(axis.left() - 8, middle + 4, shortened(name, kNameLetters), "end");
}

}  // namespace

std::vector<double> ticks(double low, double high) {
  if (!(high > low)) {
    const double apart = std::max(1.0, std::abs(low) * 0.1);
    low = low >= 0 && low < apart ? 0 : low - apart;
    high += apart;
  }
  const double rough = (high - low) / 5;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= rough * 0.999) step = factor * power;
  }
  std::vector<double> values;
  const double first = std::floor(low / step + 1e-9);
  for (double i = first;; ++i) {
    values.push_back(i * step);
    if (i * step >= high - 1e-9 * step) return values;
  }
}

std::string to_svg(const Bars& bars) {
  double most = 0;
  for (const auto& row : bars.rows) {
    double sum = 0;
    for (const double value : row.values) sum += value;
    most = std::max(most, sum);
  }
  double y = 40;
  std::string content = bars.series.size() > 1 ? legend(bars.series, y) : std::string();
  if (bars.series.size() < 2) y = 28;
  const double rows_top = y;
  const double bottom = y + kRow * static_cast<double>(bars.rows.size());
  const Axis axis(left_of(bars.rows), 0, most);
  content += axis.draw(rows_top, bottom, bars.axis);
  for (std::size_t r = 0; r < bars.rows.size(); ++r) {
    const auto& row = bars.rows[r];
    const double top = rows_top + kRow * static_cast<double>(r);
    content += row_name(row.name, axis, top + kRow / 2);
    double sum = 0;
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      if (row.values[i] <= 0) continue;
      const double from = axis.place(sum);
      sum += row.values[i];
      content += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\" class=\"bc-s{}\">{}"
          "</rect>",
          from, top + 4, axis.place(sum) - from, kRow - 8, i % kSeriesColours,
          tip(fmt::format("{}, {}: {:g}", row.name, i < bars.series.size() ? bars.series[i] : "",
                          row.values[i])));
    }
  }
  return svg_of(bars.title, bottom + kBelow, content);
}

std::string to_svg(const BoxPlot& plot) {
  double low = 0;
  double high = 0;
  for (std::size_t i = 0; i < plot.rows.size(); ++i) {
    low = i == 0 ? plot.rows[i].low : std::min(low, plot.rows[i].low);
    high = i == 0 ? plot.rows[i].high : std::max(high, plot.rows[i].high);
    low = std::min(low, plot.rows[i].mean);
    high = std::max(high, plot.rows[i].mean);
  }
  const double rows_top = 28;
  const double bottom = rows_top + kRow * static_cast<double>(plot.rows.size());
  const Axis axis(left_of(plot.rows), low, high);
  std::string content = axis.draw(rows_top, bottom, plot.axis);
  for (std::size_t r = 0; r < plot.rows.size(); ++r) {
    const auto& row = plot.rows[r];
    const double middle = rows_top + kRow * (static_cast<double>(r) + 0.5);
    content += row_name(row.name, axis, middle) + "<g>";
    content += tip(fmt::format("{}: median {:.4g}, middle half {:.4g} to {:.4g}, mean {:.4g}",
                               row.name, row.median, row.q1, row.q3, row.mean));
    content += line(axis.place(row.low), middle, axis.place(row.high), middle, "bc-whisker");
    for (const double end : {row.low, row.high}) {
      content += line(axis.place(end), middle - 4, axis.place(end), middle + 4, "bc-whisker");
    }
    content += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"14\" class=\"bc-box\"/>",
        axis.place(row.q1), middle - 7, std::max(axis.place(row.q3) - axis.place(row.q1), 1.0));
    content +=
        line(axis.place(row.median), middle - 7, axis.place(row.median), middle + 7, "bc-median");
    content += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" class=\"bc-mean\"/></g>",
                           axis.place(row.mean), middle);
  }
  return svg_of(plot.title, bottom + kBelow, content);
}

std::string standalone(std::string_view svg) {
  constexpr std::string_view kOpening = "<svg ";
  const std::size_t content = svg.find('>') + 1;
  return fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" {}<style>{}</style>{}\n",
                     svg.substr(kOpening.size(), content - kOpening.size()), kStyle,
                     svg.substr(content));
}

std::string_view plot_style() { return kStyle; }

}  // namespace bloodcell::report
