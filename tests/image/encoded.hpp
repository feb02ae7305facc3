// Files of every format we read, by what a test wants to say.
#pragma once

#include <bloodcell/base/files.hpp>
#include <bloodcell/image/image.hpp>

namespace bloodcell::image::test {

// PNG of `channels` 1 (grey), 2 (grey, alpha), 3, 4 and 8 or 16 bits, from samples in that order;
// 16-bit samples are big-endian.
[[nodiscard]] Bytes png_file(int width, int height, int channels, int bits,
                             const std::vector<std::uint8_t>& samples, bool interlaced = false);
// A CMYK JPEG as Photoshop stores it: Adobe marker, values inverted. cmyk: ink, 0 none, 255 full.
[[nodiscard]] Bytes cmyk_jpeg_file(int width, int height, const std::vector<std::uint8_t>& cmyk);
[[nodiscard]] Bytes grey_jpeg_file(int width, int height, const std::vector<std::uint8_t>& grey);

// The JPEG with an EXIF segment that says how it is turned.
[[nodiscard]] Bytes with_exif_orientation(const Bytes& jpeg, int orientation, bool little);

}  // namespace bloodcell::image::test
