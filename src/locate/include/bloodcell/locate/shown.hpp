// What a picture shows: a field, or one cell cut out of its field by somebody else. Decided by what
// the locator found in it and by nothing else, so that training and prediction agree.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include <bloodcell/smear/cell_box.hpp>

namespace bloodcell::locate {

struct Shown {
  bool is_one_cell = false;
  // White cells of a field, in reading order. Of a picture of one cell that cell, or nothing when
  // it was not found: then the whole picture is the cell.
  std::vector<smear::CellBox> cells;
};

// `located` is what Locator::locate gives for a picture of width × height pixels. One cell: the
// picture is nearly square and at most 400 px, a cell lies at its middle and fills a good part of
// it, no other whole white cell of like size stands beside it, and not many whole red cells do; or
// it is too small to be a field. docs/location.md says how often that is right.
[[nodiscard]] Shown what_is_shown(std::span<const smear::CellBox> located, int width_px,
                                  int height_px);

// By its size alone; false: what_is_shown() says a field, whatever lies in it.
[[nodiscard]] bool may_be_one_cell(int width_px, int height_px);

// The one cell that a label of the whole picture speaks of: the white cell (or else the platelet)
// that is largest and nearest to the middle. Nothing when none was found.
[[nodiscard]] std::optional<smear::CellBox> cell_meant(std::span<const smear::CellBox> located,
                                                       int width_px, int height_px);

}  // namespace bloodcell::locate
