// The decoders behind image::decode, one file a format. Each is handed the header that was read and
// found within limits, and gives 8-bit RGB in the order of the file (orientation not yet applied).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/image.hpp>

namespace bloodcell::image {

using ByteSpan = std::span<const std::byte>;

// As the file stores it: sides before orientation.
struct StoredHeader {
  Format format = Format::jpeg;
  int width_px = 0;
  int height_px = 0;
  int orientation = 1;
};

[[nodiscard]] tl::unexpected<Error> cut_short();
[[nodiscard]] tl::unexpected<Error> broken(std::string what);

// Sides of 1 … max_side_px and width × height ≤ max_pixels.
[[nodiscard]] Result<void> check_sides(std::int64_t width_px, std::int64_t height_px,
                                       const Limits& limits);

// The EXIF orientation in a TIFF-structured block; 1 when there is none or it makes no sense.
[[nodiscard]] int exif_orientation(ByteSpan tiff_block);

[[nodiscard]] Result<StoredHeader> read_jpeg_header(ByteSpan bytes);
[[nodiscard]] Result<Image> decode_jpeg(ByteSpan bytes, const StoredHeader& header,
                                        const DecodeOptions& options);

[[nodiscard]] Result<StoredHeader> read_png_header(ByteSpan bytes);
[[nodiscard]] Result<Image> decode_png(ByteSpan bytes, const StoredHeader& header);

[[nodiscard]] Result<StoredHeader> read_tiff_header(ByteSpan bytes);
[[nodiscard]] Result<Image> decode_tiff(ByteSpan bytes, const StoredHeader& header);

[[nodiscard]] Result<StoredHeader> read_webp_header(ByteSpan bytes);
[[nodiscard]] Result<Image> decode_webp(ByteSpan bytes, const StoredHeader& header);

[[nodiscard]] Result<StoredHeader> read_bmp_header(ByteSpan bytes);
[[nodiscard]] Result<Image> decode_bmp(ByteSpan bytes, const StoredHeader& header);

// value laid over white: value·alpha + 255·(1 − alpha), rounded. All in 0 … 255.
[[nodiscard]] inline std::uint8_t over_white(std::uint8_t value, std::uint8_t alpha) {
  return static_cast<std::uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

// What an ink and black (0: none, 255: full) leave of white, by the uncalibrated product.
[[nodiscard]] inline std::uint8_t light_of_ink(std::uint8_t ink, std::uint8_t black) {
  return static_cast<std::uint8_t>(((255 - ink) * (255 - black) + 127) / 255);
}

// RGBA, not premultiplied -> RGB over white.
void lay_over_white(std::span<const std::uint8_t> rgba, Image& image);

}  // namespace bloodcell::image
