#include "svg_parts.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <bloodcell/report/html.hpp>

namespace bloodcell::report {

std::size_t letters_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string shortened(std::string_view text, std::size_t most) {
  if (letters_of(text) <= most) return std::string(text);
  std::size_t end = 0;
  for (std::size_t letters = 0; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U && ++letters == most) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string number(double value) {
  if (value >= 10'000) return fmt::format("{:.4g}k", value / 1000);
  return fmt::format("{:g}", std::round(value * 1000) / 1000);
}

std::string text_at(double x, double y, std::string_view text, std::string_view anchor,
                    std::string_view kind) {
  const std::string of_kind = kind.empty() ? "" : fmt::format(" class=\"{}\"", kind);
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>", x, y, anchor,
                     of_kind, escape(text));
}

std::string line(double x1, double y1, double x2, double y2, std::string_view kind) {
  const std::string of_kind = kind.empty() ? "" : fmt::format(" class=\"{}\"", kind);
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"{}/>", x1, y1,
                     x2, y2, of_kind);
}

std::string tip(const std::string& text) { return fmt::format("<title>{}</title>", escape(text)); }

std::string svg_of(const std::string& title, double height, const std::string& content) {
  return fmt::format(
      "<svg class=\"bc\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">{}{}</svg>",
      kPlotWidth, height, escape(title), text_at(4, 16, title, "start", "bc-title"), content);
}

std::string legend(const std::vector<std::string>& series, double& y) {
  std::string drawn;
  double x = 4;
  for (std::size_t i = 0; i < series.size(); ++i) {
    const std::string name = shortened(series[i], 24);
    const double width = 22 + kLetter * static_cast<double>(letters_of(name));
    if (x > 4 && x + width > kPlotWidth) {
      x = 4;
      y += 18;
    }
    drawn +=
        fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"10\" height=\"10\" class=\"bc-s{}\"/>",
                    x, y - 9, i % kSeriesColours);
    drawn += text_at(x + 14, y, name, "start");
    x += width + 8;
  }
  y += 12;
  return drawn;
}

}  // namespace bloodcell::report
