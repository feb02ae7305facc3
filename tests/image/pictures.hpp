// Pictures and files the image tests share.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/random.hpp>
#include <bloodcell/image/image.hpp>
#include <bloodcell/test/made_files.hpp>

namespace bloodcell::image::test {

// Smooth colours that no two places share, so that a turn or a swap of channels shows.
inline Image gradient(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto pixel = image.at(x, y);
      pixel[0] = static_cast<std::uint8_t>(255 * x / std::max(1, width - 1));
      pixel[1] = static_cast<std::uint8_t>(255 * y / std::max(1, height - 1));
      pixel[2] = static_cast<std::uint8_t>(40 + (x * 3 + y * 5) % 50);
    }
  }
  return image;
}

using made::largest_difference;

// Builds files byte by byte.
class Writer {
 public:
  explicit Writer(bool little = true) : little_(little) {}
  Writer& text(std::string_view value) {
    for (const char c : value) bytes_.push_back(static_cast<std::byte>(c));
    return *this;
  }
  Writer& number(std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i) {
      const int shift = 8 * (little_ ? i : count - 1 - i);
      bytes_.push_back(static_cast<std::byte>(shift < 64 ? (value >> shift) & 0xff : 0));
    }
    return *this;
  }
  Writer& bytes(const Bytes& more) {
    bytes_.insert(bytes_.end(), more.begin(), more.end());
    return *this;
  }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] const Bytes& done() const { return bytes_; }

 private:
  bool little_;
  Bytes bytes_;
};

struct TiffEntry {
  std::uint16_t tag;
  std::uint16_t type;  // 3: 16 bits, 4: 32 bits
  std::uint32_t count;
  std::uint32_t value;
};

// A TIFF block with one directory of the entries given (values of up to four bytes), then `data`.
inline Bytes tiff_block(const std::vector<TiffEntry>& entries, const Bytes& data = {},
                        bool little = true) {
  Writer out(little);
  out.text(little ? "II" : "MM").number(42, 2).number(8, 4).number(entries.size(), 2);
  for (const auto& entry : entries) {
    out.number(entry.tag, 2).number(entry.type, 2).number(entry.count, 4);
    if (entry.type == 3 && entry.count == 1) {
      out.number(entry.value, 2).number(0, 2);
    } else {
      out.number(entry.value, 4);
    }
  }
  return out.number(0, 4).bytes(data).done();
}

// An uncompressed TIFF of one strip; samples are 8 or 16 bits.
inline Bytes tiff_picture(int width, int height, int channels, int bits, const Bytes& samples,
                          int orientation = 1, int photometric = 2, bool little = true) {
  constexpr std::uint32_t kEntries = 10;
  const std::uint32_t data_at = 8 + 2 + 12 * kEntries + 4;
  // Bits a sample must be the same for all; libtiff takes one value for many.
  return tiff_block({{256, 4, 1, static_cast<std::uint32_t>(width)},
                     {257, 4, 1, static_cast<std::uint32_t>(height)},
                     {258, 3, 1, static_cast<std::uint32_t>(bits)},
                     {259, 3, 1, 1},
                     {262, 3, 1, static_cast<std::uint32_t>(photometric)},
                     {273, 4, 1, data_at},
                     {274, 3, 1, static_cast<std::uint32_t>(orientation)},
                     {277, 3, 1, static_cast<std::uint32_t>(channels)},
                     {278, 4, 1, static_cast<std::uint32_t>(height)},
                     {279, 4, 1, static_cast<std::uint32_t>(samples.size())}},
                    samples, little);
}

}  // namespace bloodcell::image::test
