#include <png.h>
#include <tiffio.h>

#include <algorithm>
#include <cstring>

#include <bloodcell/test/support.hpp>

#include <bloodcell/test/made_files.hpp>

namespace bloodcell::image::made {

namespace {

void keep(png_structp png, png_bytep from, std::size_t count) {
  auto* file = static_cast<Bytes*>(png_get_io_ptr(png));
  const auto* first = reinterpret_cast<const std::byte*>(from);
  file->insert(file->end(), first, first + count);
}

void set_palette(png_structp writer, png_infop info, const PngKind& kind) {
  std::vector<png_color> colours;
  for (std::size_t i = 0; i < kind.palette.size(); i += 3) {
    colours.push_back({kind.palette[i], kind.palette[i + 1], kind.palette[i + 2]});
  }
  if (!colours.empty()) {
    png_set_PLTE(writer, info, colours.data(), static_cast<int>(colours.size()));
  }
  if (!kind.palette_alpha.empty()) {
    png_set_tRNS(writer, info, kind.palette_alpha.data(),
                 static_cast<int>(kind.palette_alpha.size()), nullptr);
  }
  if (kind.transparent_grey >= 0) {
    png_color_16 colour{};
    colour.gray = static_cast<png_uint_16>(kind.transparent_grey);
    png_set_tRNS(writer, info, nullptr, 0, &colour);
  }
}

void big_endian(Bytes& to, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::byte>(value >> shift));
}

std::uint32_t crc32(const Bytes& bytes) {
  std::uint32_t rest = 0xFFFFFFFF;
  for (const std::byte byte : bytes) {
    rest ^= static_cast<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ (rest % 2 == 1 ? 0xEDB88320U : 0U);
  }
  return ~rest;
}

Bytes chunk(const std::string& type, const Bytes& content) {
  const Bytes checked = joined({text(type), content});
  Bytes bytes;
  big_endian(bytes, static_cast<std::uint32_t>(content.size()));
  bytes.insert(bytes.end(), checked.begin(), checked.end());
  big_endian(bytes, crc32(checked));
  return bytes;
}

void set_fields(TIFF* tiff, int width, int height, const TiffKind& kind) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, kind.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, kind.samples);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, kind.photometric);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, kind.compression);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG,
               kind.planar ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  if (kind.tile > 0) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, kind.tile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, kind.tile);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, kind.rows_per_strip);
  }
  const auto extra = static_cast<std::uint16_t>(kind.extra);
  if (kind.extra >= 0) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &extra);
  if (kind.orientation > 0) TIFFSetField(tiff, TIFFTAG_ORIENTATION, kind.orientation);
  if (kind.sample_format > 0) TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, kind.sample_format);
  if (kind.predictor > 0) TIFFSetField(tiff, TIFFTAG_PREDICTOR, kind.predictor);
  if (const std::size_t entries = kind.colour_map.size() / 3; entries > 0) {
    const std::uint16_t* map = kind.colour_map.data();
    TIFFSetField(tiff, TIFFTAG_COLORMAP, map, map + entries, map + 2 * entries);
  }
}

// The samples of one row of a block, packed as TIFF stores them (16 bits in the machine's order).
std::vector<std::uint8_t> packed_row(int x0, int y, int pixels, int plane, const Sample& sample,
                                     const TiffKind& kind) {
  std::vector<std::uint8_t> row;
  unsigned held = 0;
  int held_bits = 0;
  for (int x = x0; x < x0 + pixels; ++x) {
    for (int s = 0; s < (kind.planar ? 1 : kind.samples); ++s) {
      const int value = sample(x, y, kind.planar ? plane : s);
      if (kind.bits >= 16) {
        row.push_back(static_cast<std::uint8_t>(value));
        row.push_back(static_cast<std::uint8_t>(value >> 8));
        if (kind.bits == 32) row.insert(row.end(), {0, 0});
        continue;
      }
      held = held << kind.bits | static_cast<unsigned>(value);
      held_bits += kind.bits;
      if (held_bits < 8) continue;
      row.push_back(static_cast<std::uint8_t>(held));
      held = 0;
      held_bits = 0;
    }
  }
  if (held_bits > 0) row.push_back(static_cast<std::uint8_t>(held << (8 - held_bits)));
  return row;
}

void write_blocks(TIFF* tiff, int width, int height, const Sample& sample, const TiffKind& kind) {
  const int block_width = kind.tile > 0 ? kind.tile : width;
  const int block_height = kind.tile > 0 ? kind.tile : kind.rows_per_strip;
  const auto clamped = [&](int x, int y, int s) {
    return sample(std::min(x, width - 1), std::min(y, height - 1), s);
  };
  for (int plane = 0; plane < (kind.planar ? kind.samples : 1); ++plane) {
    for (int y = 0; y < height; y += block_height) {
      for (int x = 0; x < width; x += block_width) {
        const int rows = kind.tile > 0 ? kind.tile : std::min(block_height, height - y);
        std::vector<std::uint8_t> data;
        for (int r = 0; r < rows; ++r) {
          const auto row = packed_row(x, y + r, block_width, plane, clamped, kind);
          data.insert(data.end(), row.begin(), row.end());
        }
        const auto ux = static_cast<std::uint32_t>(x);
        const auto uy = static_cast<std::uint32_t>(y);
        const auto s = static_cast<std::uint16_t>(plane);
        const auto size = static_cast<tmsize_t>(data.size());
        const tmsize_t written =
            kind.tile > 0
                ? TIFFWriteEncodedTile(tiff, TIFFComputeTile(tiff, ux, uy, 0, s), data.data(), size)
                : TIFFWriteEncodedStrip(tiff, TIFFComputeStrip(tiff, uy, s), data.data(), size);
        EXPECT_EQ(written, size);
      }
    }
  }
}

}  // namespace

Bytes png(int width, int height, const std::vector<std::vector<std::uint8_t>>& rows,
          const PngKind& kind) {
  Bytes file;
  png_structp writer = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(writer);
  png_set_write_fn(writer, &file, &keep, nullptr);
  png_set_IHDR(writer, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height),
               kind.bits, kind.colour_type,
               kind.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  set_palette(writer, info, kind);
  png_write_info(writer, info);
  std::vector<png_bytep> places;
  for (const auto& row : rows) places.push_back(const_cast<png_bytep>(row.data()));
  png_write_image(writer, places.data());
  png_write_end(writer, info);
  png_destroy_write_struct(&writer, &info);
  return file;
}

Bytes with_chunk(const Bytes& png, const std::string& type, const Bytes& content,
                 const std::string& before) {
  const Bytes name = text(before);
  const auto place = std::search(png.begin(), png.end(), name.begin(), name.end()) - 4;
  return joined({Bytes(png.begin(), place), chunk(type, content), Bytes(place, png.end())});
}

Bytes png_header(std::uint32_t width, std::uint32_t height) {
  Bytes content;
  big_endian(content, width);
  big_endian(content, height);
  for (const int value : {8, 2, 0, 0, 0}) content.push_back(static_cast<std::byte>(value));
  return joined({text("\x89PNG\r\n\x1A\n"), chunk("IHDR", content)});
}

Bytes tiff(int width, int height, const Sample& sample, const TiffKind& kind, int pages) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "made.tif";
  TIFF* tiff = TIFFOpen(path.c_str(), kind.mode.c_str());
  for (int page = 0; page < pages; ++page) {
    set_fields(tiff, width + page, height, kind);
    write_blocks(
        tiff, width + page, height, page == 0 ? sample : [](int, int, int) { return 0; }, kind);
    TIFFWriteDirectory(tiff);
  }
  TIFFClose(tiff);
  return read_file(path, 1U << 30).value();
}

Sample samples_of(const Image& image) {
  return [image](int x, int y, int s) {
    return int{std::as_const(image).at(x, y)[static_cast<std::size_t>(s)]};
  };
}

}  // namespace bloodcell::image::made
