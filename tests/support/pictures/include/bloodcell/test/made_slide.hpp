// A scanned slide made in the test: a tiled TIFF of several levels, by libtiff.
#pragma once

#include <filesystem>

#include <bloodcell/image/image.hpp>

namespace bloodcell::test {

struct SlideKind {
  int levels = 3;        // each half the sides of the one before
  int tile_px = 64;      // a multiple of 16
  double um_per_px = 0;  // written as the TIFF's resolution; 0: none
};
void write_slide(const std::filesystem::path& path, const image::Image& finest,
                 const SlideKind& kind = {});

}  // namespace bloodcell::test
