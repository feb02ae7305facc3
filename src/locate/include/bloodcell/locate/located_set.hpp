// A labelled set whose samples get the box of the cell they speak of, as prediction will find it:
// so that a network is trained on what it is to see.
#pragma once

#include <cstddef>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/locate/locator.hpp>

namespace bloodcell::locate {

struct LocatedSet {
  data::Dataset dataset;    // problems: those it had, and the pictures that could not be read
  std::size_t found = 0;    // samples with a found box
  std::size_t drawn = 0;    // samples that keep their drawn box, for none found overlaps it by 0.3
  std::size_t without = 0;  // samples that keep the whole picture, for nothing was found in it
};

// A sample with a box gets the found box that overlaps it most and is nobody else's, one without
// the cell_meant().
// Deterministic for any number of threads. Errors: cancelled, those of the locator.
[[nodiscard]] Result<LocatedSet> locate_set(const Context& context, const Locator& locator,
                                            data::Dataset dataset);

}  // namespace bloodcell::locate
