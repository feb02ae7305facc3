// A locator's look at a picture: what it shows, and where its cells are. A picture that may be one
// cell is looked at small first, which is enough for most (docs/decisions/0009).
#pragma once

#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>
#include <bloodcell/locate/locator.hpp>
#include <bloodcell/locate/shown.hpp>

namespace bloodcell::locate {

struct Look {
  std::vector<smear::CellBox> located;  // as Locator::locate gives it
  Shown shown;
};

// Thread-safe. Errors: those of Locator::locate.
[[nodiscard]] Result<Look> look(const Locator& locator, const image::Image& picture);

}  // namespace bloodcell::locate
