// BMP as Windows writes it: palettes of 1, 4 and 8 bits, 16, 24 and 32 bits with or without masks,
// every header from OS/2's first (12 bytes) to version 5 (124). Run-length coding is refused.
// stb_image, Debian's other reader, leaves palette entries that a file does not give unset and
// misreads the oldest header's palette.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <limits>
#include <vector>

#include "formats.hpp"

namespace bloodcell::image {

namespace {

constexpr std::int64_t kFileHeader = 14;
constexpr std::int64_t kOldestHeader = 12;
constexpr std::int64_t kShortHeader = 16;
constexpr std::int64_t kWindowsHeader = 40;
constexpr std::int64_t kWithAlphaMask = 56;
constexpr std::int64_t kOs2Header = 64;

enum Compression : std::int64_t { kNone = 0, kRun8 = 1, kRun4 = 2, kMasks = 3, kAlphaMasks = 6 };

struct BmpHeader {
  std::int64_t bytes = 0;  // of the header behind the file header
  std::int64_t width = 0;
  std::int64_t height = 0;
  bool from_top = false;
  std::int64_t bits = 0;  // of a pixel
  std::int64_t compression = kNone;
  std::int64_t pixels_at = 0;
  std::array<std::uint32_t, 4> masks{};  // red, green, blue, alpha

  [[nodiscard]] std::int64_t row_bytes() const { return (width * bits + 31) / 32 * 4; }
};

std::uint32_t number(ByteSpan bytes, std::int64_t at, int count) {
  std::uint32_t value = 0;
  for (int i = count; i-- > 0;) {
    value = (value << 8) | static_cast<std::uint32_t>(bytes[static_cast<std::size_t>(at + i)]);
  }
  return value;
}

std::int64_t signed_number(ByteSpan bytes, std::int64_t at) {
  return static_cast<std::int32_t>(number(bytes, at, 4));
}

Result<BmpHeader> read_sizes(ByteSpan bytes) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (size < kFileHeader + 4) return cut_short();
  BmpHeader header;
  header.pixels_at = number(bytes, 10, 4);
  header.bytes = number(bytes, kFileHeader, 4);
  if (header.bytes < kOldestHeader) return broken("BMP header");
  if (size < kFileHeader + header.bytes) return cut_short();
  if (header.bytes == kOldestHeader) {
    header.width = number(bytes, 18, 2);
    header.height = number(bytes, 20, 2);
    header.bits = number(bytes, 24, 2);
  } else {
    header.width = signed_number(bytes, 18);
    header.height = signed_number(bytes, 22);
    header.bits = number(bytes, 28, 2);
    if (header.bytes > kShortHeader) header.compression = number(bytes, 30, 4);
  }
  header.from_top = header.height < 0;
  header.height = std::abs(header.height);
  if (header.width < 1 || header.height < 1 ||
      header.height > std::numeric_limits<std::int32_t>::max()) {
    return broken("BMP header");
  }
  return header;
}

Result<void> check_kind(const BmpHeader& header) {
  const auto unread = [](const std::string& what) {
    return fail(ErrorCode::unsupported, fmt::format("a {}, which we do not read", what), "",
                "save it as PNG");
  };
  const bool masked = header.compression == kMasks || header.compression == kAlphaMasks;
  if (header.compression == kRun8 || header.compression == kRun4) {
    return unread("run-length coded BMP");
  }
  if (header.compression != kNone && (!masked || header.bytes == kOs2Header)) {
    return unread(fmt::format("BMP compressed by method {}", header.compression));
  }
  switch (header.bits) {
    case 1:
    case 4:
    case 8:
    case 24: return masked ? broken("BMP header") : Result<void>{};
    case 16:
    case 32: return {};
    default: return broken(fmt::format("BMP header of {} bits a pixel", header.bits));
  }
}

// Where they are given, the masks stand 40 bytes into the header, or right behind one of 40.
Result<void> read_masks(ByteSpan bytes, BmpHeader& header) {
  if (header.bits == 16) header.masks = {0x7C00, 0x3E0, 0x1F, 0};
  if (header.bits == 32) header.masks = {0xFF0000, 0xFF00, 0xFF, 0};
  if (header.compression == kNone) return {};
  const bool has_alpha = header.bytes >= kWithAlphaMask || header.compression == kAlphaMasks;
  const std::int64_t count = has_alpha ? 4 : 3;
  constexpr std::int64_t kMasksAt = kFileHeader + kWindowsHeader;
  if (static_cast<std::int64_t>(bytes.size()) < kMasksAt + 4 * count) return cut_short();
  for (std::int64_t i = 0; i < count; ++i) {
    header.masks[static_cast<std::size_t>(i)] = number(bytes, kMasksAt + 4 * i, 4);
  }
  return {};
}

// BGR entries, at most as many as fit before the pixels.
std::vector<std::array<std::uint8_t, 3>> read_palette(ByteSpan bytes, const BmpHeader& header) {
  const std::int64_t entry_bytes = header.bytes == kOldestHeader ? 3 : 4;
  std::vector<std::array<std::uint8_t, 3>> palette;
  for (std::int64_t at = kFileHeader + header.bytes;
       at + entry_bytes <= header.pixels_at && palette.size() < 1U << header.bits;
       at += entry_bytes) {
    palette.push_back({static_cast<std::uint8_t>(number(bytes, at + 2, 1)),
                       static_cast<std::uint8_t>(number(bytes, at + 1, 1)),
                       static_cast<std::uint8_t>(number(bytes, at, 1))});
  }
  return palette;
}

// The part of a pixel under a mask, stretched to 0 … 255.
std::uint8_t channel(std::uint32_t pixel, std::uint32_t mask) {
  if (mask == 0) return 0;
  const int shift = std::countr_zero(mask);
  const std::uint64_t full = mask >> shift;
  const std::uint64_t value = (pixel & mask) >> shift;
  return static_cast<std::uint8_t>((value * 255 + full / 2) / full);
}

bool read_palette_row(ByteSpan row, const BmpHeader& header,
                      std::span<const std::array<std::uint8_t, 3>> palette,
                      std::span<std::uint8_t> rgb) {
  const auto bits = static_cast<std::size_t>(header.bits);
  for (std::size_t x = 0; x < rgb.size() / 3; ++x) {
    const std::size_t bit = x * bits;
    const auto byte = static_cast<std::size_t>(row[bit / 8]);
    const std::size_t index = byte >> (8 - bits - bit % 8) & ((1U << bits) - 1);
    if (index >= palette.size()) return false;
    std::copy(palette[index].begin(), palette[index].end(), rgb.begin() + 3 * x);
  }
  return true;
}

void read_full_row(ByteSpan row, std::span<std::uint8_t> rgb) {
  for (std::size_t i = 0; i < rgb.size(); i += 3) {
    for (std::size_t c = 0; c < 3; ++c) rgb[i + c] = static_cast<std::uint8_t>(row[i + 2 - c]);
  }
}

void read_masked_row(ByteSpan row, const BmpHeader& header, std::span<std::uint8_t> rgb) {
  const std::int64_t pixel_bytes = header.bits / 8;
  for (std::size_t x = 0; x < rgb.size() / 3; ++x) {
    const std::uint32_t pixel =
        number(row, static_cast<std::int64_t>(x) * pixel_bytes, static_cast<int>(pixel_bytes));
    const std::uint8_t alpha = header.masks[3] == 0 ? 255 : channel(pixel, header.masks[3]);
    for (std::size_t c = 0; c < 3; ++c) {
      rgb[3 * x + c] = over_white(channel(pixel, header.masks[c]), alpha);
    }
  }
}

}  // namespace

Result<StoredHeader> read_bmp_header(ByteSpan bytes) {
  BC_ASSIGN(const BmpHeader header, read_sizes(bytes));
  return StoredHeader{Format::bmp, static_cast<int>(header.width), static_cast<int>(header.height),
                      1};
}

Result<Image> decode_bmp(ByteSpan bytes, const StoredHeader& stored) {
  BC_ASSIGN(BmpHeader header, read_sizes(bytes));
  BC_CHECK(check_kind(header));
  BC_CHECK(read_masks(bytes, header));
  if (header.pixels_at < kFileHeader + header.bytes) return broken("BMP header");
  const std::int64_t row_bytes = header.row_bytes();
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (header.pixels_at > size || row_bytes > (size - header.pixels_at) / header.height) {
    return cut_short();
  }
  const auto palette =
      header.bits <= 8 ? read_palette(bytes, header) : std::vector<std::array<std::uint8_t, 3>>{};
  Image image(stored.width_px, stored.height_px);
  const std::size_t rgb_bytes = static_cast<std::size_t>(header.width) * 3;
  for (std::int64_t y = 0; y < header.height; ++y) {
    const std::int64_t stored_y = header.from_top ? y : header.height - 1 - y;
    const ByteSpan row =
        bytes.subspan(static_cast<std::size_t>(header.pixels_at + stored_y * row_bytes),
                      static_cast<std::size_t>(row_bytes));
    const std::span<std::uint8_t> rgb(image.rgb.data() + static_cast<std::size_t>(y) * rgb_bytes,
                                      rgb_bytes);
    if (header.bits == 24) {
      read_full_row(row, rgb);
    } else if (header.bits > 8) {
      read_masked_row(row, header, rgb);
    } else if (!read_palette_row(row, header, palette, rgb)) {
      return broken("a BMP colour that its palette does not have");
    }
  }
  return image;
}

}  // namespace bloodcell::image
