#include <bloodcell/image/encode.hpp>

#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <memory>

namespace bloodcell::image {

namespace {

Bytes copied(const unsigned char* from, std::size_t count) {
  const auto* first = reinterpret_cast<const std::byte*>(from);
  return {first, first + count};
}

struct DestroyCompressor {
  void operator()(void* handle) const { tjDestroy(handle); }
};

}  // namespace

Result<Bytes> encode_png(const Image& image) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width_px);
  png.height = static_cast<png_uint_32>(image.height_px);
  png.format = PNG_FORMAT_RGB;
  Bytes bytes(PNG_IMAGE_PNG_SIZE_MAX(png));
  png_alloc_size_t size = bytes.size();
  if (image.empty() ||
      png_image_write_to_memory(&png, bytes.data(), &size, 0, image.rgb.data(), 0, nullptr) == 0) {
    const char* reason = image.empty() ? "no pixels" : png.message;
    return fail(ErrorCode::internal, fmt::format("no PNG could be made: {}", reason));
  }
  bytes.resize(size);
  return bytes;
}

Result<Bytes> encode_jpeg(const Image& image, int quality) {
  if (quality < 1 || quality > 100) {
    return fail(ErrorCode::usage, fmt::format("JPEG quality {} is not in 1 to 100", quality));
  }
  const std::unique_ptr<void, DestroyCompressor> compressor(tjInitCompress());
  unsigned char* data = nullptr;
  unsigned long size = 0;
  const int status = image.empty() ? -1
                                   : tjCompress2(compressor.get(), image.rgb.data(), image.width_px,
                                                 0, image.height_px, TJPF_RGB, &data, &size,
                                                 TJSAMP_444, quality, TJFLAG_ACCURATEDCT);
  const std::unique_ptr<unsigned char, decltype(&tjFree)> owner(data, &tjFree);
  if (status != 0) {
    const char* reason = image.empty() ? "no pixels" : tjGetErrorStr2(compressor.get());
    return fail(ErrorCode::internal, fmt::format("no JPEG could be made: {}", reason));
  }
  return copied(data, size);
}

}  // namespace bloodcell::image
