#include "encoded.hpp"

#include <png.h>
#include <turbojpeg.h>

#include <bloodcell/test/made_files.hpp>

namespace bloodcell::image::test {

Bytes png_file(int width, int height, int channels, int bits,
               const std::vector<std::uint8_t>& samples, bool interlaced) {
  constexpr int kColours[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                              PNG_COLOR_TYPE_RGB_ALPHA};
  std::vector<std::vector<std::uint8_t>> rows;
  const auto row = width * channels * bits / 8;
  for (int y = 0; y < height; ++y) {
    rows.emplace_back(samples.begin() + y * row, samples.begin() + (y + 1) * row);
  }
  return made::png(width, height, rows,
                   {.colour_type = kColours[channels - 1], .bits = bits, .interlaced = interlaced});
}

Bytes cmyk_jpeg_file(int width, int height, const std::vector<std::uint8_t>& cmyk) {
  std::vector<std::uint8_t> inverted = cmyk;
  for (auto& value : inverted) value = static_cast<std::uint8_t>(255 - value);
  return made::jpeg(width, height, inverted, {TJPF_CMYK, TJSAMP_444, 95, 0});
}

Bytes grey_jpeg_file(int width, int height, const std::vector<std::uint8_t>& grey) {
  return made::jpeg(width, height, grey, {TJPF_GRAY, TJSAMP_GRAY, 95, 0});
}

Bytes with_exif_orientation(const Bytes& jpeg, int orientation, bool little) {
  const Bytes name = made::text(std::string("Exif\0\0", 6));
  return made::with_segment(jpeg, 0xE1,
                            made::joined({name, made::exif_block(orientation, little)}));
}

}  // namespace bloodcell::image::test
