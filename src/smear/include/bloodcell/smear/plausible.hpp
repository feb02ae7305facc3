// What is known of blood beside what a locator saw in one place: red cells are of one size, and no
// two white cells lie in each other.
#pragma once

#include <vector>

#include <bloodcell/smear/cell_box.hpp>

namespace bloodcell::smear {

// A white cell of which 0.45 lies within a larger white one is a part of that, and taken out. Where
// five or more uncut red cells tell how large they are here (7.5 µm in the mean), a white cell of
// less than 0.78 of their median side is a platelet, unless one is known there: the smallest
// lymphocytes are as large as red cells. Cells keep their order. Both limits were set on 846 fields
// of four laboratories that no figure is reported on (docs/location.md).
void keep_plausible(std::vector<CellBox>& cells);

}  // namespace bloodcell::smear
