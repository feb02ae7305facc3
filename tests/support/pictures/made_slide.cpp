#include <bloodcell/test/made_slide.hpp>

#include <algorithm>
#include <vector>

#include <tiffio.h>

#include <bloodcell/image/geometry.hpp>

namespace bloodcell::test {

namespace {

void write_level(TIFF* tiff, const image::Image& level, bool is_first, const SlideKind& kind) {
  if (!is_first) TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, level.width_px);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, level.height_px);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 3);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_TILEWIDTH, kind.tile_px);
  TIFFSetField(tiff, TIFFTAG_TILELENGTH, kind.tile_px);
  if (is_first && kind.um_per_px > 0) {
    TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER);
    TIFFSetField(tiff, TIFFTAG_XRESOLUTION, 1e4 / kind.um_per_px);
    TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 1e4 / kind.um_per_px);
  }
  for (int y = 0; y < level.height_px; y += kind.tile_px) {
    for (int x = 0; x < level.width_px; x += kind.tile_px) {
      auto tile = image::crop(level, {x, y, kind.tile_px, kind.tile_px}, {255, 255, 255});
      TIFFWriteTile(tiff, tile.rgb.data(), static_cast<std::uint32_t>(x),
                    static_cast<std::uint32_t>(y), 0, 0);
    }
  }
  TIFFWriteDirectory(tiff);
}

}  // namespace

void write_slide(const std::filesystem::path& path, const image::Image& finest,
                 const SlideKind& kind) {
  TIFF* tiff = TIFFOpen(path.c_str(), "w");
  image::Image level = finest;
  for (int i = 0; i < kind.levels; ++i) {
    write_level(tiff, level, i == 0, kind);
    level = image::resize(level, std::max(1, level.width_px / 2), std::max(1, level.height_px / 2),
                          image::Interpolation::area);
  }
  TIFFClose(tiff);
}

}  // namespace bloodcell::test
