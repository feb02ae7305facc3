#include <turbojpeg.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "formats.hpp"

namespace bloodcell::image {

namespace {

struct Destroy {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using Decompressor = std::unique_ptr<void, Destroy>;

const unsigned char* raw(ByteSpan bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

struct Markers {
  int orientation = 1;
  bool has_orientation = false;
  bool adobe = false;   // its CMYK is stored inverted, as Photoshop writes it
  std::size_t end = 0;  // of the segments read
};

// The application segments before the picture's data.
Markers read_markers(ByteSpan bytes) {
  Markers markers;
  const auto at = [&](std::size_t i) { return static_cast<unsigned>(bytes[i]); };
  const auto holds = [&](std::size_t i, std::string_view text) {
    return i + text.size() <= bytes.size() &&
           std::memcmp(bytes.data() + i, text.data(), text.size()) == 0;
  };
  using namespace std::string_view_literals;
  constexpr unsigned kStartOfScan = 0xDA;
  constexpr unsigned kExif = 0xE1;
  constexpr unsigned kAdobe = 0xEE;
  std::size_t i = 2;
  while (i + 4 <= bytes.size() && at(i) == 0xFF) {
    const unsigned marker = at(i + 1);
    if (marker == 0xFF) {
      ++i;
      continue;
    }
    const std::size_t length = (at(i + 2) << 8) | at(i + 3);
    if (marker == kStartOfScan || length < 2 || i + 2 + length > bytes.size()) break;
    const std::size_t content = i + 4;
    if (marker == kExif && !markers.has_orientation && length > 8 && holds(content, "Exif\0\0"sv)) {
      markers.has_orientation = true;
      markers.orientation = exif_orientation(bytes.subspan(content + 6, length - 8));
    }
    if (marker == kAdobe && holds(content, "Adobe")) markers.adobe = true;
    i += 2 + length;
  }
  markers.end = i;
  return markers;
}

// Coded data never hold the end marker by chance: 0xFF is always followed by 0 there.
bool has_end(ByteSpan bytes, const Markers& markers) {
  constexpr std::array kEndReversed{std::byte{0xD9}, std::byte{0xFF}};
  const ByteSpan data = bytes.subspan(markers.end);
  return std::search(data.rbegin(), data.rend(), kEndReversed.begin(), kEndReversed.end()) !=
         data.rend();
}

struct Opened {
  int width = 0;
  int height = 0;
  int colour_space = 0;
};

Result<Opened> open(const Decompressor& decompressor, ByteSpan bytes) {
  Opened opened;
  int subsampling = 0;
  if (tjDecompressHeader3(decompressor.get(), raw(bytes), bytes.size(), &opened.width,
                          &opened.height, &subsampling, &opened.colour_space) != 0 &&
      tjGetErrorCode(decompressor.get()) != TJERR_WARNING) {
    return broken(fmt::format("JPEG header ({})", tjGetErrorStr2(decompressor.get())));
  }
  if (opened.width == 0 || opened.height == 0) return cut_short();
  return opened;
}

// The smallest of 1/1, 1/2, 1/4, 1/8 that keeps both sides long enough.
tjscalingfactor scale_for(const StoredHeader& header, const DecodeOptions& options) {
  tjscalingfactor best{1, 1};
  if (options.min_width_px < 1 || options.min_height_px < 1) return best;
  for (const int denominator : {2, 4, 8}) {
    const tjscalingfactor factor{1, denominator};
    if (TJSCALED(header.width_px, factor) < options.min_width_px ||
        TJSCALED(header.height_px, factor) < options.min_height_px) {
      break;
    }
    best = factor;
  }
  return best;
}

void cmyk_to_rgb(std::span<const std::uint8_t> cmyk, bool inverted, Image& image) {
  const std::uint8_t flip = inverted ? 255 : 0;
  const auto ink = [&](std::size_t i) { return static_cast<std::uint8_t>(cmyk[i] ^ flip); };
  for (std::size_t from = 0, to = 0; to < image.rgb.size(); from += 4, to += 3) {
    for (std::size_t c = 0; c < 3; ++c) {
      image.rgb[to + c] = light_of_ink(ink(from + c), ink(from + 3));
    }
  }
}

// TurboJPEG tells the first warning only. A few are harmless and pass; that nothing is missing
// behind them is known from the end marker.
Result<void> check_decompressed(const Decompressor& decompressor, int status) {
  if (status == 0) return {};
  const std::string_view message = tjGetErrorStr2(decompressor.get());
  if (message.find("remature end") != std::string_view::npos) return cut_short();
  static constexpr std::array<std::string_view, 3> kHarmless{
      "extraneous bytes before marker", "unknown JFIF revision", "Adobe color transform code"};
  const bool harmless = std::any_of(kHarmless.begin(), kHarmless.end(), [&](std::string_view text) {
    return message.find(text) != std::string_view::npos;
  });
  if (harmless && tjGetErrorCode(decompressor.get()) == TJERR_WARNING) return {};
  return broken(fmt::format("JPEG data ({})", message));
}

}  // namespace

Result<StoredHeader> read_jpeg_header(ByteSpan bytes) {
  const Decompressor decompressor(tjInitDecompress());
  BC_ASSIGN(const Opened opened, open(decompressor, bytes));
  return StoredHeader{Format::jpeg, opened.width, opened.height, read_markers(bytes).orientation};
}

Result<Image> decode_jpeg(ByteSpan bytes, const StoredHeader& header,
                          const DecodeOptions& options) {
  const Decompressor decompressor(tjInitDecompress());
  BC_ASSIGN(const Opened opened, open(decompressor, bytes));
  const Markers markers = read_markers(bytes);
  if (!has_end(bytes, markers)) return cut_short();
  const tjscalingfactor scale = scale_for(header, options);
  Image image(TJSCALED(header.width_px, scale), TJSCALED(header.height_px, scale));

  const bool cmyk = opened.colour_space == TJCS_CMYK || opened.colour_space == TJCS_YCCK;
  std::vector<std::uint8_t> four_channels;
  if (cmyk) four_channels.resize(image.rgb.size() / 3 * 4);
  const int status = tjDecompress2(decompressor.get(), raw(bytes), bytes.size(),
                                   cmyk ? four_channels.data() : image.rgb.data(), image.width_px,
                                   0, image.height_px, cmyk ? TJPF_CMYK : TJPF_RGB,
                                   TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS);
  BC_CHECK(check_decompressed(decompressor, status));
  if (cmyk) cmyk_to_rgb(four_channels, markers.adobe, image);
  return image;
}

}  // namespace bloodcell::image
