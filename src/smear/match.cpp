#include <bloodcell/smear/match.hpp>

#include <algorithm>
#include <vector>

namespace bloodcell::smear {

namespace {

std::vector<CellBox> of_kind(std::span<const CellBox> cells, Kind kind) {
  std::vector<CellBox> result;
  std::copy_if(cells.begin(), cells.end(), std::back_inserter(result),
               [kind](const auto& cell) { return cell.kind == kind; });
  return result;
}

}  // namespace

Matches& Matches::operator+=(const Matches& other) {
  found += other.found;
  drawn += other.drawn;
  matched += other.matched;
  return *this;
}

Matches match(std::span<const CellBox> found, std::span<const CellBox> drawn, Kind kind,
              double least_overlap) {
  auto candidates = of_kind(found, kind);
  auto open = of_kind(drawn, kind);
  Matches result{static_cast<std::int64_t>(candidates.size()),
                 static_cast<std::int64_t>(open.size()), 0};
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  for (const auto& cell : candidates) {
    const auto best = std::max_element(open.begin(), open.end(), [&](const auto& a, const auto& b) {
      return overlap_of(cell, a) < overlap_of(cell, b);
    });
    if (best == open.end() || overlap_of(cell, *best) < least_overlap) continue;
    open.erase(best);
    ++result.matched;
  }
  return result;
}

}  // namespace bloodcell::smear
