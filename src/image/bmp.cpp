#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "formats.hpp"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#include <stb/stb_image.h>

namespace bloodcell::image {

namespace {

const stbi_uc* raw(ByteSpan bytes) { return reinterpret_cast<const stbi_uc*>(bytes.data()); }

struct Free {
  void operator()(stbi_uc* pixels) const { stbi_image_free(pixels); }
};

std::int64_t field(ByteSpan bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;) {
    value = (value << 8) | static_cast<std::uint64_t>(bytes[at + i]);
  }
  return count == 4 ? std::int64_t{static_cast<std::int32_t>(value)}
                    : static_cast<std::int64_t>(value);
}

// stb_image fills what a short file lacks with zeros, so the length is checked here.
bool holds_all_pixels(ByteSpan bytes, std::int64_t width, std::int64_t height) {
  const std::int64_t pixels_at = field(bytes, 10, 4);
  const bool old = field(bytes, 14, 4) == 12;
  const std::int64_t bits = field(bytes, old ? 24 : 28, 2);
  const std::int64_t row_bytes = (width * bits + 31) / 32 * 4;
  return pixels_at >= 14 &&
         pixels_at + row_bytes * height <= static_cast<std::int64_t>(bytes.size());
}

}  // namespace

Result<StoredHeader> read_bmp_header(ByteSpan bytes) {
  constexpr std::size_t kSmallestHeader = 30;
  if (bytes.size() < kSmallestHeader) return cut_short();
  const bool old = field(bytes, 14, 4) == 12;
  const std::int64_t width = old ? field(bytes, 18, 2) : field(bytes, 18, 4);
  const std::int64_t height = std::abs(old ? field(bytes, 20, 2) : field(bytes, 22, 4));
  if (width < 1 || height < 1 || height > std::numeric_limits<std::int32_t>::max()) {
    return broken("BMP header");
  }
  return StoredHeader{Format::bmp, static_cast<int>(width), static_cast<int>(height), 1};
}

Result<Image> decode_bmp(ByteSpan bytes, const StoredHeader& header) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return fail(ErrorCode::limit_exceeded, "a BMP file over 2 GiB");
  }
  if (!holds_all_pixels(bytes, header.width_px, header.height_px)) return cut_short();
  int width = 0;
  int height = 0;
  int channels = 0;
  const std::unique_ptr<stbi_uc, Free> pixels(stbi_load_from_memory(
      raw(bytes), static_cast<int>(bytes.size()), &width, &height, &channels, STBI_rgb));
  if (!pixels) {
    const std::string reason = stbi_failure_reason();
    if (reason == "BMP RLE") {
      return fail(ErrorCode::unsupported, "a run-length coded BMP, which we do not read", "",
                  "save it as PNG");
    }
    return broken(fmt::format("BMP data ({})", reason));
  }
  if (width != header.width_px || height != header.height_px) return broken("BMP header");
  Image image(width, height);
  std::copy_n(pixels.get(), image.rgb.size(), image.rgb.begin());
  return image;
}

}  // namespace bloodcell::image
