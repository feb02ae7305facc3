// TIFF pictures whose samples are whole bytes or 16-bit numbers: grey, RGB and CMYK, with or
// without alpha, interleaved or in planes, in strips or tiles. libtiff's own RGBA reader drops the
// low byte of 16-bit grey and forgets to weigh grey by its alpha; it serves for the other kinds.
#pragma once

#include <optional>

#include <tiffio.h>

#include "formats.hpp"

namespace bloodcell::image {

struct SampleLayout {
  enum class Colour { grey, white_is_zero, rgb, cmyk };
  enum class Alpha { none, associated, unassociated };  // associated: colour already weighed by it
  Colour colour = Colour::rgb;
  Alpha alpha = Alpha::none;
  std::size_t bytes_per_sample = 1;
  std::size_t samples = 3;  // of one pixel in the file
  std::size_t kept = 3;     // colour and alpha
  bool planar = false;
};

// Nothing for a kind that this reader does not know.
[[nodiscard]] std::optional<SampleLayout> sample_layout(TIFF* tiff);

// The rows as they are stored. False when the data are short or damaged; libtiff's handler knows
// why.
[[nodiscard]] bool read_samples(TIFF* tiff, const SampleLayout& layout, Image& image);

}  // namespace bloodcell::image
