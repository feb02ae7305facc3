// Pictures and picture files made in the test, by the codec libraries or byte by byte.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <bloodcell/base/files.hpp>
#include <bloodcell/image/image.hpp>

namespace bloodcell::image::made {

// No two neighbours alike, no symmetry.
[[nodiscard]] Image patterned(int width, int height);
// Slow slopes, which lossy codecs keep.
[[nodiscard]] Image smooth(int width, int height);

// The largest difference of any channel; 256 when the sizes differ.
[[nodiscard]] int largest_difference(const Image& a, const Image& b);

// A TIFF block that holds nothing but the orientation tag, in either byte order.
[[nodiscard]] Bytes exif_block(int orientation, bool little_endian = true);

[[nodiscard]] Bytes joined(std::initializer_list<Bytes> parts);
[[nodiscard]] Bytes text(const std::string& content);

struct JpegKind {
  int pixel_format = 0;  // TJPF_RGB
  int subsampling = 0;   // TJSAMP_444
  int quality = 95;
  int flags = 0;
};
// `pixels` in the layout of pixel_format.
[[nodiscard]] Bytes jpeg(int width, int height, const std::vector<std::uint8_t>& pixels,
                         const JpegKind& kind);
[[nodiscard]] Bytes jpeg(const Image& image);
// The file with a segment (marker 0xE0 … 0xFE) right after its start.
[[nodiscard]] Bytes with_segment(const Bytes& jpeg, int marker, const Bytes& content);
[[nodiscard]] Bytes with_exif(const Bytes& jpeg, int orientation);
[[nodiscard]] Bytes without_segments(const Bytes& jpeg, int marker);

struct PngKind {
  int colour_type = 2;  // PNG_COLOR_TYPE_RGB
  int bits = 8;
  bool interlaced = false;
  std::vector<std::uint8_t> palette{};        // RGB RGB …
  std::vector<std::uint8_t> palette_alpha{};  // tRNS of a palette
  int transparent_grey = -1;                  // tRNS of grey
};
// `rows`: each row as PNG stores it, 16 bits big-endian.
[[nodiscard]] Bytes png(int width, int height, const std::vector<std::vector<std::uint8_t>>& rows,
                        const PngKind& kind);
// The file with a chunk put before its first chunk of type `before`.
[[nodiscard]] Bytes with_chunk(const Bytes& png, const std::string& type, const Bytes& content,
                               const std::string& before);
// Signature and IHDR alone.
[[nodiscard]] Bytes png_header(std::uint32_t width, std::uint32_t height);

struct TiffKind {
  int bits = 8;
  int samples = 3;
  int photometric = 2;  // PHOTOMETRIC_RGB
  int compression = 1;  // COMPRESSION_NONE
  bool planar = false;
  int tile = 0;  // side of tiles, 0: strips
  int rows_per_strip = 3;
  int extra = -1;         // EXTRASAMPLE_…, -1: none said
  int orientation = 0;    // 0: none said
  int sample_format = 0;  // 0: none said
  int predictor = 0;
  std::string mode = "w";                   // libtiff's: wl, wb, w8
  std::vector<std::uint16_t> colour_map{};  // red, green, blue
};
// The value of sample s of the pixel (x, y). `pages` pictures, the first made of `sample`.
using Sample = std::function<int(int x, int y, int s)>;
[[nodiscard]] Bytes tiff(int width, int height, const Sample& sample, const TiffKind& kind,
                         int pages = 1);
[[nodiscard]] Sample samples_of(const Image& image);

struct BmpKind {
  int bits = 24;
  int header_bytes = 40;  // 12, 40, 108
  bool top_down = false;
  int compression = 0;                // BI_RGB, 3: BI_BITFIELDS
  std::vector<std::uint32_t> masks;   // red, green, blue, alpha
  std::vector<std::uint8_t> palette;  // BGR0 …, BGR for the oldest header
};
// `rows` from the top, as BMP stores each; padded here.
[[nodiscard]] Bytes bmp(int width, int height, const std::vector<std::vector<std::uint8_t>>& rows,
                        const BmpKind& kind);
[[nodiscard]] Bytes bmp(const Image& image);

// `rgba` not premultiplied.
[[nodiscard]] Bytes webp(int width, int height, const std::vector<std::uint8_t>& rgba,
                         bool lossless);
[[nodiscard]] Bytes webp(const Image& image, bool lossless = true);
// In the extended format, with an EXIF chunk.
[[nodiscard]] Bytes webp_with_exif(const Image& image, const Bytes& exif);

// One small file of every format and most kinds, with its name.
[[nodiscard]] std::vector<std::pair<std::string, Bytes>> one_of_each();

}  // namespace bloodcell::image::made
