#include <bloodcell/test/made_files.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <turbojpeg.h>
#include <webp/encode.h>

#include <bloodcell/test/support.hpp>

namespace bloodcell::image::made {

namespace {

void append(Bytes& to, std::uint64_t value, int count, bool little_endian) {
  for (int i = 0; i < count; ++i) {
    const int shift = 8 * (little_endian ? i : count - 1 - i);
    to.push_back(static_cast<std::byte>(shift < 64 ? value >> shift : 0));
  }
}

Bytes copied(const std::uint8_t* from, std::size_t count) {
  const auto* first = reinterpret_cast<const std::byte*>(from);
  return {first, first + count};
}

std::vector<std::vector<std::uint8_t>> rows_of(const Image& image, bool bgr) {
  std::vector<std::vector<std::uint8_t>> rows;
  for (int y = 0; y < image.height_px; ++y) {
    std::vector<std::uint8_t> row;
    for (int x = 0; x < image.width_px; ++x) {
      const auto pixel = image.at(x, y);
      for (std::size_t c = 0; c < 3; ++c) row.push_back(pixel[bgr ? 2 - c : c]);
    }
    rows.push_back(row);
  }
  return rows;
}

std::vector<std::uint8_t> opaque(const Image& image) {
  std::vector<std::uint8_t> rgba;
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
    rgba.insert(rgba.end(), {image.rgb[i], image.rgb[i + 1], image.rgb[i + 2], 255});
  }
  return rgba;
}

}  // namespace

Image patterned(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto pixel = image.at(x, y);
      pixel[0] = static_cast<std::uint8_t>(37 * x + 11 * y);
      pixel[1] = static_cast<std::uint8_t>(91 * y + 5 * x * x + 64);
      pixel[2] = static_cast<std::uint8_t>(53 * (x ^ y) + 200);
    }
  }
  return image;
}

Image smooth(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto pixel = image.at(x, y);
      pixel[0] = static_cast<std::uint8_t>(40 + 160 * x / width);
      pixel[1] = static_cast<std::uint8_t>(60 + 120 * y / height);
      pixel[2] = static_cast<std::uint8_t>(200 - 60 * x / width - 60 * y / height);
    }
  }
  return image;
}

int largest_difference(const Image& a, const Image& b) {
  if (a.width_px != b.width_px || a.height_px != b.height_px) return 256;
  int largest = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) {
    largest = std::max(largest, std::abs(int{a.rgb[i]} - int{b.rgb[i]}));
  }
  return largest;
}

Bytes exif_block(int orientation, bool little_endian) {
  Bytes block = text(little_endian ? "II" : "MM");
  append(block, 42, 2, little_endian);
  append(block, 8, 4, little_endian);       // the directory follows at once
  append(block, 1, 2, little_endian);       // one entry
  append(block, 0x0112, 2, little_endian);  // orientation
  append(block, 3, 2, little_endian);       // a 16-bit number
  append(block, 1, 4, little_endian);
  append(block, static_cast<std::uint64_t>(orientation), 2, little_endian);
  append(block, 0, 2 + 4, little_endian);
  return block;
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes whole;
  for (const Bytes& part : parts) whole.insert(whole.end(), part.begin(), part.end());
  return whole;
}

Bytes text(const std::string& content) {
  const auto bytes = as_bytes_of(content);
  return {bytes.begin(), bytes.end()};
}

Bytes jpeg(int width, int height, const std::vector<std::uint8_t>& pixels, const JpegKind& kind) {
  tjhandle compressor = tjInitCompress();
  unsigned char* data = nullptr;
  unsigned long size = 0;
  const int status = tjCompress2(compressor, pixels.data(), width, 0, height, kind.pixel_format,
                                 &data, &size, kind.subsampling, kind.quality, kind.flags);
  EXPECT_EQ(status, 0) << tjGetErrorStr2(compressor);
  Bytes bytes = copied(data, size);
  tjFree(data);
  tjDestroy(compressor);
  return bytes;
}

Bytes jpeg(const Image& image) {
  return jpeg(image.width_px, image.height_px, image.rgb, {TJPF_RGB, TJSAMP_444, 95, 0});
}

Bytes with_segment(const Bytes& jpeg, int marker, const Bytes& content) {
  Bytes file(jpeg.begin(), jpeg.begin() + 2);
  append(file, 0xFF00U + static_cast<unsigned>(marker), 2, false);
  append(file, content.size() + 2, 2, false);
  file.insert(file.end(), content.begin(), content.end());
  file.insert(file.end(), jpeg.begin() + 2, jpeg.end());
  return file;
}

Bytes with_exif(const Bytes& jpeg, int orientation) {
  const Bytes name = text(std::string("Exif\0\0", 6));
  return with_segment(jpeg, 0xE1, joined({name, exif_block(orientation, orientation % 2 == 0)}));
}

Bytes without_segments(const Bytes& jpeg, int marker) {
  Bytes file(jpeg.begin(), jpeg.begin() + 2);
  std::size_t at = 2;
  while (jpeg[at + 1] != std::byte{0xDA}) {
    const std::size_t length =
        2 + (static_cast<std::size_t>(jpeg[at + 2]) << 8 | static_cast<std::size_t>(jpeg[at + 3]));
    if (static_cast<int>(jpeg[at + 1]) != marker) {
      file.insert(file.end(), jpeg.begin() + static_cast<std::ptrdiff_t>(at),
                  jpeg.begin() + static_cast<std::ptrdiff_t>(at + length));
    }
    at += length;
  }
  file.insert(file.end(), jpeg.begin() + static_cast<std::ptrdiff_t>(at), jpeg.end());
  return file;
}

Bytes bmp(int width, int height, const std::vector<std::vector<std::uint8_t>>& rows,
          const BmpKind& kind) {
  const bool oldest = kind.header_bytes == 12;
  const std::size_t masks_after = kind.header_bytes == 40 ? kind.masks.size() * 4 : 0;
  const std::size_t pixels_at =
      14 + static_cast<std::size_t>(kind.header_bytes) + masks_after + kind.palette.size();
  Bytes pixels;
  for (int y = 0; y < height; ++y) {
    const auto& row = rows[static_cast<std::size_t>(kind.top_down ? y : height - 1 - y)];
    for (const std::uint8_t value : row) pixels.push_back(static_cast<std::byte>(value));
    while (pixels.size() % 4 != 0) pixels.push_back(std::byte{0});
  }
  Bytes file = text("BM");
  append(file, pixels_at + pixels.size(), 4, true);
  append(file, 0, 4, true);
  append(file, pixels_at, 4, true);
  append(file, static_cast<std::uint64_t>(kind.header_bytes), 4, true);
  append(file, static_cast<std::uint64_t>(width), oldest ? 2 : 4, true);
  append(file, static_cast<std::uint64_t>(kind.top_down ? -height : height), oldest ? 2 : 4, true);
  append(file, 1, 2, true);
  append(file, static_cast<std::uint64_t>(kind.bits), 2, true);
  if (!oldest) {
    append(file, static_cast<std::uint64_t>(kind.compression), 4, true);
    append(file, 0, 4 + 4 + 4, true);
    append(file, kind.palette.size() / 4, 4, true);
    append(file, 0, 4, true);
    for (const std::uint32_t mask : kind.masks) append(file, mask, 4, true);
    while (file.size() < 14 + static_cast<std::size_t>(kind.header_bytes)) append(file, 0, 1, true);
  }
  const Bytes palette = copied(kind.palette.data(), kind.palette.size());
  return joined({file, palette, pixels});
}

Bytes bmp(const Image& image) {
  return bmp(image.width_px, image.height_px, rows_of(image, true), {});
}

Bytes webp(int width, int height, const std::vector<std::uint8_t>& rgba, bool lossless) {
  std::uint8_t* data = nullptr;
  const std::size_t size =
      lossless ? WebPEncodeLosslessRGBA(rgba.data(), width, height, width * 4, &data)
               : WebPEncodeRGBA(rgba.data(), width, height, width * 4, 95, &data);
  EXPECT_GT(size, 0U);
  Bytes bytes = copied(data, size);
  WebPFree(data);
  return bytes;
}

Bytes webp(const Image& image, bool lossless) {
  return webp(image.width_px, image.height_px, opaque(image), lossless);
}

Bytes webp_with_exif(const Image& image, const Bytes& exif) {
  const Bytes simple = webp(image);
  Bytes chunks = text("VP8X");
  append(chunks, 10, 4, true);
  append(chunks, 0x08, 4, true);  // has EXIF
  append(chunks, static_cast<std::uint64_t>(image.width_px - 1), 3, true);
  append(chunks, static_cast<std::uint64_t>(image.height_px - 1), 3, true);
  chunks.insert(chunks.end(), simple.begin() + 12, simple.end());
  Bytes last = text("EXIF");
  append(last, exif.size(), 4, true);
  chunks = joined({chunks, last, exif, Bytes(exif.size() % 2)});
  Bytes file = text("RIFF");
  append(file, chunks.size() + 4, 4, true);
  return joined({file, text("WEBP"), chunks});
}

std::vector<std::pair<std::string, Bytes>> one_of_each() {
  const Image image = patterned(21, 17);
  const Image gentle = smooth(40, 24);
  std::vector<std::uint8_t> grey;
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) grey.push_back(image.rgb[i]);
  std::vector<std::uint8_t> rgba = opaque(image);
  for (std::size_t i = 3; i < rgba.size(); i += 4) rgba[i] = static_cast<std::uint8_t>(i);
  const auto kind = [](int bits, int compression, bool planar, int tile) {
    TiffKind made;
    made.bits = bits;
    made.compression = compression;
    made.planar = planar;
    made.tile = tile;
    return made;
  };
  const auto sample = samples_of(image);
  return {
      {"jpeg", jpeg(gentle)},
      {"jpeg-turned", with_exif(jpeg(gentle), 6)},
      {"jpeg-420", jpeg(40, 24, gentle.rgb, {TJPF_RGB, TJSAMP_420, 90, 0})},
      {"jpeg-progressive",
       jpeg(40, 24, gentle.rgb, {TJPF_RGB, TJSAMP_420, 90, TJFLAG_PROGRESSIVE})},
      {"jpeg-grey", jpeg(21, 17, grey, {TJPF_GRAY, TJSAMP_GRAY, 90, 0})},
      {"jpeg-cmyk", jpeg(21, 17, rgba, {TJPF_CMYK, TJSAMP_444, 90, 0})},
      {"png", png(21, 17, rows_of(image, false), {})},
      {"png-interlaced", png(21, 17, rows_of(image, false), {2, 8, true, {}, {}, -1})},
      {"bmp", bmp(image)},
      {"webp-lossless", webp(image)},
      {"webp-lossy", webp(gentle, false)},
      {"webp-alpha", webp(21, 17, rgba, false)},
      {"webp-exif", webp_with_exif(image, exif_block(3))},
      {"tiff", tiff(21, 17, sample, kind(8, 1, false, 0))},
      {"tiff-lzw", tiff(21, 17, sample, kind(8, 5, false, 0))},
      {"tiff-deflate-16", tiff(21, 17, sample, kind(16, 8, false, 0))},
      {"tiff-planar", tiff(21, 17, sample, kind(8, 32773, true, 0))},
      {"tiff-tiles", tiff(21, 17, sample, kind(8, 5, false, 16))},
  };
}

}  // namespace bloodcell::image::made
