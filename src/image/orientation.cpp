#include "orientation.hpp"

#include <algorithm>
#include <cstring>

#include "formats.hpp"

namespace bloodcell::image {

namespace {

// Reads numbers of a TIFF block in its own byte order; 0 beyond the end.
class TiffReader {
 public:
  explicit TiffReader(ByteSpan block) : block_(block) {
    little_ = block.size() > 1 && block[0] == std::byte{'I'};
  }
  [[nodiscard]] std::uint32_t number(std::uint64_t at, std::size_t bytes) const {
    if (at + bytes > block_.size()) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      const std::uint64_t place = little_ ? at + bytes - 1 - i : at + i;
      value = (value << 8) | static_cast<std::uint32_t>(block_[place]);
    }
    return value;
  }

 private:
  ByteSpan block_;
  bool little_ = true;
};

}  // namespace

int exif_orientation(ByteSpan tiff_block) {
  constexpr std::uint32_t kOrientationTag = 0x0112;
  constexpr std::uint32_t kShortType = 3;
  const TiffReader reader(tiff_block);
  if (reader.number(2, 2) != 42) return 1;
  const std::uint64_t directory = reader.number(4, 4);
  const std::uint32_t entries = reader.number(directory, 2);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::uint64_t entry = directory + 2 + 12ULL * i;
    if (entry + 12 > tiff_block.size()) return 1;
    if (reader.number(entry, 2) != kOrientationTag) continue;
    const std::uint32_t value = reader.number(entry + 8, 2);
    const bool sensible = reader.number(entry + 2, 2) == kShortType && value >= 1 && value <= 8;
    return sensible ? static_cast<int>(value) : 1;
  }
  return 1;
}

Image oriented(Image stored, int orientation) {
  if (orientation <= 1 || orientation > 8) return stored;
  const bool turned = turns_sides(orientation);
  Image shown(turned ? stored.height_px : stored.width_px,
              turned ? stored.width_px : stored.height_px);
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  for (int y = 0; y < shown.height_px; ++y) {
    for (int x = 0; x < shown.width_px; ++x) {
      int column = turned ? y : x;
      int row = turned ? x : y;
      if (from_right) column = stored.width_px - 1 - column;
      if (from_bottom) row = stored.height_px - 1 - row;
      const auto pixel = std::as_const(stored).at(column, row);
      std::copy(pixel.begin(), pixel.end(), shown.at(x, y).begin());
    }
  }
  return shown;
}

}  // namespace bloodcell::image
