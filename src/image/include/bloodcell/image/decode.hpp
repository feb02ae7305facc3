// Bytes → Image. The content decides the format, never the name. Sizes are read from the header and
// checked against Limits before memory is taken. EXIF orientation is applied, alpha is laid over
// white, 16 bits become 8 by v*255/65535 rounded, grey becomes three equal channels, CMYK (plain or
// Adobe-inverted) becomes RGB by the uncalibrated product. All functions are thread-safe.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>

namespace bloodcell::image {

enum class Format { jpeg, png, bmp, tiff, webp };

[[nodiscard]] std::string_view name_of(Format format);

struct Header {
  Format format = Format::jpeg;
  int width_px = 0;  // as a viewer shows it: after orientation
  int height_px = 0;
  int orientation = 1;  // EXIF 1 … 8
};

// Reads the header alone. Errors: malformed (empty, cut short, not an image), unsupported (a format
// we do not read, said by name where known: GIF, HEIC, SVG, PDF), limit_exceeded.
[[nodiscard]] Result<Header> read_header(std::span<const std::byte> bytes, const Limits& limits);

struct DecodeOptions {
  // A JPEG may be decoded at 1/2, 1/4 or 1/8 (in the DCT, cheaper and free of aliasing) as long as
  // both sides stay at least this long. Either 0: full size. Measured after orientation.
  int min_width_px = 0;
  int min_height_px = 0;
};

// Errors as read_header, and malformed for a picture that ends early: half a cell is not a cell;
// unsupported for kinds within a format that we do not read (run-length coded BMP, moving WebP,
// TIFF of floats), limit_exceeded when there is not memory enough. Of several TIFF pages the first.
[[nodiscard]] Result<Image> decode(std::span<const std::byte> bytes, const Limits& limits,
                                   const DecodeOptions& options = {});

// read_file and decode; errors carry the path.
[[nodiscard]] Result<Image> decode_file(const std::filesystem::path& path, const Limits& limits,
                                        const DecodeOptions& options = {});

// True for a name that ends like a picture we read (.jpg .jpeg .png .bmp .tif .tiff .webp, any
// case). Only for choosing among the files of a folder.
[[nodiscard]] bool has_image_name(const std::filesystem::path& path);

}  // namespace bloodcell::image
