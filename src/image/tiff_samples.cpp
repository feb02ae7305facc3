#include "tiff_samples.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace bloodcell::image {

namespace {

using Colour = SampleLayout::Colour;
using Alpha = SampleLayout::Alpha;

std::uint16_t short_field(TIFF* tiff, std::uint32_t tag) {
  std::uint16_t value = 0;
  TIFFGetFieldDefaulted(tiff, tag, &value);
  return value;
}

std::optional<Colour> colour_of(TIFF* tiff) {
  std::uint16_t photometric = 0;
  if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric) == 0) return std::nullopt;
  switch (photometric) {
    case PHOTOMETRIC_MINISBLACK: return Colour::grey;
    case PHOTOMETRIC_MINISWHITE: return Colour::white_is_zero;
    case PHOTOMETRIC_RGB: return Colour::rgb;
    case PHOTOMETRIC_SEPARATED: break;
    default: return std::nullopt;
  }
  if (short_field(tiff, TIFFTAG_INKSET) != INKSET_CMYK) return std::nullopt;
  return Colour::cmyk;
}

std::size_t channels_of(Colour colour) {
  if (colour == Colour::rgb) return 3;
  return colour == Colour::cmyk ? 4 : 1;
}

Alpha alpha_of(TIFF* tiff) {
  std::uint16_t count = 0;
  const std::uint16_t* kinds = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds);
  if (count < 1 || kinds == nullptr) return Alpha::none;
  if (kinds[0] == EXTRASAMPLE_ASSOCALPHA) return Alpha::associated;
  return kinds[0] == EXTRASAMPLE_UNASSALPHA ? Alpha::unassociated : Alpha::none;
}

// A strip or tile: the part of the picture it covers and how its rows lie in memory.
struct Block {
  std::uint32_t x = 0;
  std::uint32_t y = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::size_t row_bytes = 0;
  std::uint16_t plane = 0;
};

// The picture being put together: kept samples of each pixel side by side, 8 bits each.
class Assembly {
 public:
  Assembly(const SampleLayout& layout, std::uint32_t width, std::uint32_t height)
      : layout_(layout), width_(width), samples_(std::size_t{width} * height * layout.kept) {}

  [[nodiscard]] const std::vector<std::uint8_t>& samples() const { return samples_; }

  void take(const Block& block, const std::vector<std::uint8_t>& data) {
    for (std::uint32_t row = 0; row < block.height; ++row) {
      const std::uint8_t* from = data.data() + row * block.row_bytes;
      const std::size_t pixel = std::size_t{block.y + row} * width_ + block.x;
      std::uint8_t* to = samples_.data() + pixel * layout_.kept;
      if (layout_.planar) {
        take_row(from, 1, to + block.plane, 1, block.width);
      } else {
        take_row(from, layout_.samples, to, layout_.kept, block.width);
      }
    }
  }

 private:
  // `count` samples of each pixel, `stride` of which stand in the file.
  void take_row(const std::uint8_t* from, std::size_t stride, std::uint8_t* to, std::size_t count,
                std::uint32_t pixels) const {
    for (std::uint32_t x = 0; x < pixels; ++x) {
      for (std::size_t s = 0; s < count; ++s) to[s] = sample(from, s);
      from += stride * layout_.bytes_per_sample;
      to += layout_.kept;
    }
  }

  [[nodiscard]] std::uint8_t sample(const std::uint8_t* from, std::size_t index) const {
    if (layout_.bytes_per_sample == 1) return from[index];
    std::uint16_t value = 0;
    std::memcpy(&value, from + 2 * index, 2);
    return static_cast<std::uint8_t>((value + 128) / 257);
  }

  const SampleLayout& layout_;
  std::uint32_t width_;
  std::vector<std::uint8_t> samples_;
};

bool read_strips(TIFF* tiff, const Image& image, std::uint16_t plane, Assembly& assembly) {
  const auto width = static_cast<std::uint32_t>(image.width_px);
  const auto height = static_cast<std::uint32_t>(image.height_px);
  std::uint32_t rows = 0;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &rows);
  rows = std::min(rows, height);
  const tmsize_t strip_bytes = TIFFStripSize(tiff);
  const tmsize_t row_bytes = TIFFScanlineSize(tiff);
  if (rows == 0 || strip_bytes <= 0 || row_bytes <= 0) return false;
  std::vector<std::uint8_t> data(static_cast<std::size_t>(strip_bytes));
  for (std::uint32_t y = 0; y < height; y += std::min(rows, height - y)) {
    const Block block{
        0, y, width, std::min(rows, height - y), static_cast<std::size_t>(row_bytes), plane};
    const tmsize_t wanted = row_bytes * static_cast<tmsize_t>(block.height);
    const std::uint32_t strip = TIFFComputeStrip(tiff, y, plane);
    if (wanted > strip_bytes || TIFFReadEncodedStrip(tiff, strip, data.data(), wanted) != wanted) {
      return false;
    }
    assembly.take(block, data);
  }
  return true;
}

bool read_tiles(TIFF* tiff, const Image& image, std::uint16_t plane, Assembly& assembly) {
  const auto width = static_cast<std::uint32_t>(image.width_px);
  const auto height = static_cast<std::uint32_t>(image.height_px);
  std::uint32_t tile_width = 0;
  std::uint32_t tile_height = 0;
  TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
  TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height);
  const tmsize_t tile_bytes = TIFFTileSize(tiff);
  const tmsize_t row_bytes = TIFFTileRowSize(tiff);
  if (tile_width == 0 || tile_height == 0 || tile_bytes <= 0 || row_bytes <= 0) return false;
  std::vector<std::uint8_t> data(static_cast<std::size_t>(tile_bytes));
  for (std::uint32_t y = 0; y < height; y += std::min(tile_height, height - y)) {
    for (std::uint32_t x = 0; x < width; x += std::min(tile_width, width - x)) {
      const std::uint32_t tile = TIFFComputeTile(tiff, x, y, 0, plane);
      if (TIFFReadEncodedTile(tiff, tile, data.data(), tile_bytes) != tile_bytes) return false;
      assembly.take({x, y, std::min(tile_width, width - x), std::min(tile_height, height - y),
                     static_cast<std::size_t>(row_bytes), plane},
                    data);
    }
  }
  return true;
}

std::uint8_t weighed(std::uint8_t value, std::uint8_t alpha, Alpha kind) {
  switch (kind) {
    case Alpha::none: return value;
    case Alpha::associated: return static_cast<std::uint8_t>(std::min(255, value + 255 - alpha));
    case Alpha::unassociated: return over_white(value, alpha);
  }
  return value;
}

void colour_pixels(const SampleLayout& layout, const std::vector<std::uint8_t>& samples,
                   Image& image) {
  const std::size_t channels = channels_of(layout.colour);
  for (std::size_t from = 0, to = 0; to < image.rgb.size(); from += layout.kept, to += 3) {
    const std::uint8_t* pixel = samples.data() + from;
    const std::uint8_t alpha = layout.alpha == Alpha::none ? 255 : pixel[channels];
    for (std::size_t c = 0; c < 3; ++c) {
      std::uint8_t value = pixel[channels == 1 ? 0 : c];
      if (layout.colour == Colour::white_is_zero) value = static_cast<std::uint8_t>(255 - value);
      if (layout.colour == Colour::cmyk) value = light_of_ink(value, pixel[3]);
      image.rgb[to + c] = weighed(value, alpha, layout.alpha);
    }
  }
}

}  // namespace

std::optional<SampleLayout> sample_layout(TIFF* tiff) {
  const auto colour = colour_of(tiff);
  const std::uint16_t bits = short_field(tiff, TIFFTAG_BITSPERSAMPLE);
  if (!colour || (bits != 8 && bits != 16)) return std::nullopt;
  SampleLayout layout;
  layout.colour = *colour;
  layout.alpha = *colour == Colour::cmyk ? Alpha::none : alpha_of(tiff);
  layout.bytes_per_sample = bits / 8U;
  layout.samples = short_field(tiff, TIFFTAG_SAMPLESPERPIXEL);
  layout.kept = channels_of(*colour) + (layout.alpha == Alpha::none ? 0 : 1);
  layout.planar = short_field(tiff, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE;
  if (layout.samples < layout.kept) return std::nullopt;
  return layout;
}

bool read_samples(TIFF* tiff, const SampleLayout& layout, Image& image) {
  Assembly assembly(layout, static_cast<std::uint32_t>(image.width_px),
                    static_cast<std::uint32_t>(image.height_px));
  const std::size_t planes = layout.planar ? layout.kept : 1;
  for (std::uint16_t plane = 0; plane < planes; ++plane) {
    const bool whole = TIFFIsTiled(tiff) != 0 ? read_tiles(tiff, image, plane, assembly)
                                              : read_strips(tiff, image, plane, assembly);
    if (!whole) return false;
  }
  colour_pixels(layout, assembly.samples(), image);
  return true;
}

}  // namespace bloodcell::image
