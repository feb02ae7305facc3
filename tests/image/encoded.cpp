#include "encoded.hpp"

#include <png.h>
#include <turbojpeg.h>
#include <webp/encode.h>

#include <stdexcept>

#include "pictures.hpp"

namespace bloodcell::image::test {

namespace {

Bytes copied(const unsigned char* data, std::size_t size) {
  const auto* first = reinterpret_cast<const std::byte*>(data);
  return {first, first + size};
}

void append(png_structp png, png_bytep data, png_size_t size) {
  auto* bytes = static_cast<Bytes*>(png_get_io_ptr(png));
  const Bytes more = copied(data, size);
  bytes->insert(bytes->end(), more.begin(), more.end());
}

Bytes jpeg_file(int width, int height, const std::vector<std::uint8_t>& pixels, int format,
                int subsampling) {
  tjhandle compressor = tjInitCompress();
  unsigned char* data = nullptr;
  unsigned long size = 0;
  const int status = tjCompress2(compressor, pixels.data(), width, 0, height, format, &data, &size,
                                 subsampling, 95, 0);
  Bytes bytes = status == 0 ? copied(data, size) : Bytes();
  tjFree(data);
  tjDestroy(compressor);
  if (bytes.empty()) throw std::runtime_error("no JPEG");
  return bytes;
}

}  // namespace

Bytes png_file(int width, int height, int channels, int bits,
               const std::vector<std::uint8_t>& samples, bool interlaced) {
  Bytes bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  constexpr int kColours[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                              PNG_COLOR_TYPE_RGB_ALPHA};
  png_set_write_fn(png, &bytes, &append, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), bits,
               kColours[channels - 1], interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  const std::size_t row = static_cast<std::size_t>(width * channels * bits / 8);
  std::vector<png_bytep> rows;
  for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y) {
    rows.push_back(const_cast<png_bytep>(samples.data() + y * row));
  }
  png_write_image(png, rows.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

Bytes webp_file(const Image& image) {
  std::uint8_t* data = nullptr;
  const std::size_t size = WebPEncodeLosslessRGB(image.rgb.data(), image.width_px, image.height_px,
                                                 image.width_px * 3, &data);
  Bytes bytes = copied(data, size);
  WebPFree(data);
  return bytes;
}

Bytes webp_file_with_alpha(int width, int height, const std::vector<std::uint8_t>& rgba) {
  std::uint8_t* data = nullptr;
  const std::size_t size = WebPEncodeLosslessRGBA(rgba.data(), width, height, width * 4, &data);
  Bytes bytes = copied(data, size);
  WebPFree(data);
  return bytes;
}

Bytes cmyk_jpeg_file(int width, int height, const std::vector<std::uint8_t>& cmyk) {
  std::vector<std::uint8_t> inverted = cmyk;
  for (auto& value : inverted) value = static_cast<std::uint8_t>(255 - value);
  return jpeg_file(width, height, inverted, TJPF_CMYK, TJSAMP_444);
}

Bytes grey_jpeg_file(int width, int height, const std::vector<std::uint8_t>& grey) {
  return jpeg_file(width, height, grey, TJPF_GRAY, TJSAMP_GRAY);
}

Bytes with_exif_orientation(const Bytes& jpeg, int orientation, bool little) {
  const Bytes block =
      tiff_block({{0x0112, 3, 1, static_cast<std::uint32_t>(orientation)}}, {}, little);
  Writer segment(/*little=*/false);
  segment.number(0xFFE1, 2).number(2 + 6 + block.size(), 2).text(std::string_view("Exif\0\0", 6));
  segment.bytes(block);
  Bytes result(jpeg.begin(), jpeg.begin() + 2);
  result.insert(result.end(), segment.done().begin(), segment.done().end());
  result.insert(result.end(), jpeg.begin() + 2, jpeg.end());
  return result;
}

}  // namespace bloodcell::image::test
