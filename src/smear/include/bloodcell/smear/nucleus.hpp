// The nucleus of a white cell, found in its box by its colour alone: no network, no training.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <bloodcell/image/image.hpp>
#include <bloodcell/smear/cell_box.hpp>

namespace bloodcell::smear {

struct Nucleus {
  image::Box place;  // pixels of the picture: the cell's box, cut to it
  std::vector<std::uint8_t>
      mask;                  // place.height × place.width, rows from the top: 1 nucleus, else 0
  std::int64_t area_px = 0;  // how many are 1

  [[nodiscard]] bool has(int x, int y) const;  // in pixels of the picture; false outside `place`
};

// Optical density (Lambert–Beer) of red and green less half of blue's, which tells the blue of a
// nucleus from the pink of red cells; three classes by Otsu's criterion (Otsu 1979) within the
// ellipse of the box: ground, cytoplasm, nucleus, or a nucleus of two shades; opened, small pieces
// dropped, holes filled. Several lobes may stay apart. Empty mask: the box lies outside the picture
// or shows less than 6 × 6 pixels of it, or one colour alone. Thread-safe; linear in the pixels of
// the box.
[[nodiscard]] Nucleus find_nucleus(const image::Image& picture, const CellBox& cell);

// Dice's coefficient of two masks of one size, 2 |A ∩ B| / (|A| + |B|), 0 … 1; 1 for two empty
// ones.
[[nodiscard]] double dice_of(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);

// Lengths of runs of 0, 1, 0 … down the columns, first the left one: the uncompressed run-length
// code of COCO, for a mask `width` wide.
[[nodiscard]] std::vector<int> run_lengths(std::span<const std::uint8_t> mask, int width);

}  // namespace bloodcell::smear
