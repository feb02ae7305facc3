// What all plots are made of. Places are in the plot's own units, y downwards.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bloodcell::report {

inline constexpr double kPlotWidth = 400;
inline constexpr std::size_t kSeriesColours = 8;
inline constexpr double kLetter = 6.4;  // mean advance at 12 px

[[nodiscard]] std::size_t letters_of(std::string_view text);

// The first so many letters and `…`; never cuts a letter of several bytes.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most);

[[nodiscard]] std::string number(double value);
[[nodiscard]] std::string text_at(double x, double y, std::string_view text,
                                  std::string_view anchor, std::string_view kind = {});
[[nodiscard]] std::string line(double x1, double y1, double x2, double y2,
                               std::string_view kind = {});
[[nodiscard]] std::string tip(const std::string& text);

// The plot with its title, kPlotWidth wide.
[[nodiscard]] std::string svg_of(const std::string& title, double height,
                                 const std::string& content);

// Wraps over as many lines as it needs; `y` is left below the last.
[[nodiscard]] std::string legend(const std::vector<std::string>& series, double& y);

}  // namespace bloodcell::report
