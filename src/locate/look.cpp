#include <bloodcell/locate/look.hpp>

#include <algorithm>
#include <utility>

namespace bloodcell::locate {

namespace {

constexpr double kSeenWell = 0.4;  // of the picture's shorter side by the cell's longer one

// A white cell so large that a closer look would not find another one.
bool is_clear(const Look& look, const image::Image& picture) {
  if (!look.shown.is_one_cell || look.shown.cells.empty()) return false;
  const auto& cell = look.shown.cells.front();
  return cell.kind == smear::Kind::white &&
         std::max(cell.width, cell.height) >=
             kSeenWell * std::min(picture.width_px, picture.height_px);
}

Look with_what_is_shown(std::vector<smear::CellBox> located, const image::Image& picture) {
  auto shown = what_is_shown(located, picture.width_px, picture.height_px);
  return {std::move(located), std::move(shown)};
}

}  // namespace

Result<Look> look(const Locator& locator, const image::Image& picture) {
  if (locator.can_glance() && may_be_one_cell(picture.width_px, picture.height_px)) {
    BC_ASSIGN(auto glanced, locator.glance(picture));
    auto at_first = with_what_is_shown(std::move(glanced), picture);
    if (is_clear(at_first, picture)) return at_first;
  }
  BC_ASSIGN(auto located, locator.locate(picture));
  return with_what_is_shown(std::move(located), picture);
}

}  // namespace bloodcell::locate
