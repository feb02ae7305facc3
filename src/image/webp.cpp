#include <webp/decode.h>

#include <cstring>
#include <vector>

#include "formats.hpp"

namespace bloodcell::image {

namespace {

const std::uint8_t* raw(ByteSpan bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

std::size_t little_endian(ByteSpan bytes, std::size_t at) {
  std::size_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = (value << 8) | static_cast<std::size_t>(bytes[at + i]);
  return value;
}

int orientation_of(ByteSpan bytes) {
  std::size_t at = 12;
  while (at + 8 <= bytes.size()) {
    const std::size_t length = little_endian(bytes, at + 4);
    if (length > bytes.size() - at - 8) return 1;
    if (std::memcmp(bytes.data() + at, "EXIF", 4) == 0) {
      ByteSpan block = bytes.subspan(at + 8, length);
      if (block.size() > 6 && std::memcmp(block.data(), "Exif\0\0", 6) == 0)
        block = block.subspan(6);
      return exif_orientation(block);
    }
    at += 8 + length + length % 2;
  }
  return 1;
}

}  // namespace

Result<StoredHeader> read_webp_header(ByteSpan bytes) {
  WebPBitstreamFeatures features{};
  constexpr std::size_t kRiffHeader = 12;
  if (bytes.size() < kRiffHeader || little_endian(bytes, 4) > bytes.size() - 8) return cut_short();
  const VP8StatusCode status = WebPGetFeatures(raw(bytes), bytes.size(), &features);
  if (status == VP8_STATUS_NOT_ENOUGH_DATA) return cut_short();
  if (status != VP8_STATUS_OK) return broken("WebP header");
  if (features.has_animation != 0) {
    return fail(ErrorCode::unsupported, "a moving WebP picture, which we do not read", "",
                "save one frame of it");
  }
  return StoredHeader{Format::webp, features.width, features.height, orientation_of(bytes)};
}

Result<Image> decode_webp(ByteSpan bytes, const StoredHeader& header) {
  const std::size_t stride = static_cast<std::size_t>(header.width_px) * 4;
  std::vector<std::uint8_t> rgba(stride * static_cast<std::size_t>(header.height_px));
  if (WebPDecodeRGBAInto(raw(bytes), bytes.size(), rgba.data(), rgba.size(),
                         static_cast<int>(stride)) == nullptr) {
    return broken("WebP data");
  }
  Image image(header.width_px, header.height_px);
  lay_over_white(rgba, image);
  return image;
}

}  // namespace bloodcell::image
