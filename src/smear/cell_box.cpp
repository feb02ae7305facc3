#include <bloodcell/smear/cell_box.hpp>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string>

namespace bloodcell::smear {

double overlap_of(const CellBox& a, const CellBox& b) {
  const double width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
  const double height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const double common = width * height;
  return common / (a.width * a.height + b.width * b.height - common);
}

image::Box whole_pixels(const CellBox& cell) {
  const auto left = static_cast<int>(std::lround(cell.x));
  const auto top = static_cast<int>(std::lround(cell.y));
  const auto right = static_cast<int>(std::lround(cell.x + cell.width));
  const auto bottom = static_cast<int>(std::lround(cell.y + cell.height));
  return {left, top, std::max(1, right - left), std::max(1, bottom - top)};
}

std::optional<Kind> kind_named(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "rbc" || lower == "red") return Kind::red;
  if (lower.starts_with("platelet")) return Kind::platelet;
  constexpr std::array<std::string_view, 10> kWhite{
      "wbc",        "white",    "neutrophil",   "eosinophil", "basophil",
      "lymphocyte", "monocyte", "erythroblast", "ig",         "immature granulocyte"};
  const bool is_white = std::find(kWhite.begin(), kWhite.end(), lower) != kWhite.end();
  return is_white ? std::optional(Kind::white) : std::nullopt;
}

}  // namespace bloodcell::smear
