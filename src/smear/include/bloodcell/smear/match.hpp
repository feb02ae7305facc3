// Found boxes against drawn ones.
#pragma once

#include <cstdint>
#include <span>

#include <bloodcell/smear/cell_box.hpp>

namespace bloodcell::smear {

struct Matches {
  std::int64_t found = 0;    // boxes found
  std::int64_t drawn = 0;    // boxes of the truth
  std::int64_t matched = 0;  // pairs

  [[nodiscard]] double recall() const { return drawn == 0 ? 0 : part(matched, drawn); }
  [[nodiscard]] double precision() const { return found == 0 ? 0 : part(matched, found); }
  [[nodiscard]] double f1() const {
    return found + drawn == 0 ? 0 : part(2 * matched, found + drawn);
  }
  Matches& operator+=(const Matches& other);

 private:
  static double part(std::int64_t of, std::int64_t all) {
    return static_cast<double>(of) / static_cast<double>(all);
  }
};

// Of one kind in one picture. Found boxes, best score first, each take the drawn box they overlap
// most of those not yet taken, if by at least `least_overlap` (intersection over union).
[[nodiscard]] Matches match(std::span<const CellBox> found, std::span<const CellBox> drawn,
                            Kind kind, double least_overlap = 0.5);

}  // namespace bloodcell::smear
