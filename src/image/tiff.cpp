#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "formats.hpp"
#include "tiff_samples.hpp"

namespace bloodcell::image {

namespace {

// The file in memory, as libtiff reads it, and the last error it told.
struct Memory {
  ByteSpan bytes;
  std::uint64_t at = 0;
  std::string error;
};

tmsize_t read_some(thandle_t handle, void* to, tmsize_t count) {
  auto* memory = static_cast<Memory*>(handle);
  if (count <= 0 || memory->at >= memory->bytes.size()) return 0;
  const auto left = static_cast<tmsize_t>(memory->bytes.size() - memory->at);
  const tmsize_t taken = std::min(count, left);
  std::memcpy(to, memory->bytes.data() + memory->at, static_cast<std::size_t>(taken));
  memory->at += static_cast<std::uint64_t>(taken);
  return taken;
}

tmsize_t write_none(thandle_t, void*, tmsize_t) { return 0; }

toff_t seek(thandle_t handle, toff_t offset, int from) {
  auto* memory = static_cast<Memory*>(handle);
  if (from == SEEK_SET) memory->at = offset;
  if (from == SEEK_CUR) memory->at += offset;
  if (from == SEEK_END) memory->at = memory->bytes.size() + offset;
  return memory->at;
}

int close_nothing(thandle_t) { return 0; }

toff_t size_of(thandle_t handle) { return static_cast<Memory*>(handle)->bytes.size(); }

int keep_error(TIFF*, void* user, const char*, const char* format, va_list values) {
  std::array<char, 300> text{};
  std::vsnprintf(text.data(), text.size(), format, values);
  static_cast<Memory*>(user)->error = text.data();
  return 1;
}

int drop_warning(TIFF*, void*, const char*, const char*, va_list) { return 1; }

struct Close {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using Tiff = std::unique_ptr<TIFF, Close>;

// `pixels`: of the picture, 0 while its size is not known. No table of the file needs more than
// eight times the file, no strip or tile more than four times the picture as 16-bit RGBA.
Tiff open(Memory& memory, std::uint64_t pixels) {
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  const std::uint64_t most = 8 * memory.bytes.size() + 4 * 8 * pixels + (16U << 20);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, static_cast<tmsize_t>(most));
  TIFFOpenOptionsSetErrorHandlerExtR(options, &keep_error, &memory);
  TIFFOpenOptionsSetWarningHandlerExtR(options, &drop_warning, &memory);
  Tiff tiff(TIFFClientOpenExt("picture", "rm", &memory, &read_some, &write_none, &seek,
                              &close_nothing, &size_of, nullptr, nullptr, options));
  TIFFOpenOptionsFree(options);
  return tiff;
}

struct RgbaImage {
  TIFFRGBAImage state{};
  bool begun = false;
  ~RgbaImage() {
    if (begun) TIFFRGBAImageEnd(&state);
  }
};

// The codings we trust libtiff with; the rest are rare, and each is more code to be attacked.
Result<void> check_kind(TIFF* tiff) {
  static constexpr std::array<std::uint16_t, 8> kCodings{
      COMPRESSION_NONE, COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4,
      COMPRESSION_LZW,  COMPRESSION_JPEG,     COMPRESSION_PACKBITS,  COMPRESSION_ADOBE_DEFLATE};
  const auto unread = [](const std::string& what) {
    return fail(ErrorCode::unsupported, fmt::format("a TIFF {}, which we do not read", what), "",
                "save it as 8- or 16-bit RGB or grey, uncompressed or with LZW");
  };
  std::uint16_t coding = 0;
  std::uint16_t numbers = 0;
  std::uint16_t samples = 0;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &coding);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &numbers);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  if (coding != COMPRESSION_DEFLATE &&
      std::find(kCodings.begin(), kCodings.end(), coding) == kCodings.end()) {
    return unread(fmt::format("compressed by method {}", coding));
  }
  if (numbers != SAMPLEFORMAT_UINT && numbers != SAMPLEFORMAT_VOID) {
    return unread("of signed or fractional numbers");
  }
  constexpr std::uint16_t kMostSamples = 8;
  if (samples > kMostSamples) return unread(fmt::format("of {} channels", samples));
  return {};
}

// Many strips that all name the same long stretch of the file cost time without end.
Result<void> check_lengths(TIFF* tiff, std::size_t file_bytes) {
  const std::uint32_t blocks =
      TIFFIsTiled(tiff) != 0 ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i < blocks; ++i) {
    const std::uint64_t bytes = TIFFGetStrileByteCount(tiff, i);
    total += std::min<std::uint64_t>(bytes, file_bytes);
    if (total > 16 * std::uint64_t{file_bytes}) return broken("TIFF strips that overlap");
  }
  return {};
}

// Tiles far larger than the picture ask for memory that no picture needs.
Result<void> check_tiles(TIFF* tiff, const StoredHeader& header) {
  const std::int64_t picture =
      std::int64_t{header.width_px} * header.height_px + std::int64_t{512} * 512;
  if (TIFFIsTiled(tiff) == 0) return {};
  std::uint32_t width = 0;
  std::uint32_t length = 0;
  TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_TILELENGTH, &length);
  const bool fits = width > 0 && length > 0 && std::int64_t{width} * length <= 4 * picture;
  if (!fits) return broken(fmt::format("TIFF tiles of {}x{} pixels", width, length));
  return {};
}

tl::unexpected<Error> failed(const Memory& memory) {
  if (memory.error.empty() || memory.error.find("ead error") != std::string::npos ||
      memory.error.find("got 0") != std::string::npos) {
    return cut_short();
  }
  return broken(fmt::format("TIFF data ({})", memory.error));
}

// The table that says what the picture is may stand anywhere, and programs like to write it last.
bool ends_before_directory(ByteSpan bytes) {
  constexpr std::size_t kClassicHeader = 8;
  if (bytes.size() < kClassicHeader) return true;
  const bool little = bytes[0] == std::byte{'I'};
  const bool big_tiff = bytes[little ? 2 : 3] == std::byte{43};
  const std::size_t first = big_tiff ? 8 : 4;
  const std::size_t count = big_tiff ? 8 : 4;
  if (bytes.size() < first + count) return true;
  std::uint64_t directory = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = little ? first + count - 1 - i : first + i;
    directory = (directory << 8) | static_cast<std::uint64_t>(bytes[place]);
  }
  return directory >= bytes.size();
}

// Palettes, few bits and YCbCr, by libtiff's own conversion.
Result<Image> decode_by_libtiff(TIFF* tiff, const StoredHeader& header, Memory& memory) {
  std::array<char, 1024> reason{};
  RgbaImage rgba;
  rgba.begun = TIFFRGBAImageBegin(&rgba.state, tiff, /*stop_on_error=*/1, reason.data()) != 0;
  if (!rgba.begun) {
    return fail(ErrorCode::unsupported,
                fmt::format("a TIFF of a kind we do not read ({})", reason.data()), "",
                "save it as 8- or 16-bit RGB or grey");
  }
  // The rows as they are stored: orientation is applied once, for all formats alike.
  rgba.state.orientation = ORIENTATION_TOPLEFT;
  rgba.state.req_orientation = ORIENTATION_TOPLEFT;
  const auto width = static_cast<std::uint32_t>(header.width_px);
  const auto height = static_cast<std::uint32_t>(header.height_px);
  std::vector<std::uint32_t> raster(std::size_t{width} * height);
  memory.error.clear();
  if (TIFFRGBAImageGet(&rgba.state, raster.data(), width, height) == 0 || !memory.error.empty()) {
    return failed(memory);
  }
  Image image(header.width_px, header.height_px);
  for (std::size_t i = 0; i < raster.size(); ++i) {
    const std::uint32_t pixel = raster[i];  // alpha is premultiplied: what is missing is white
    const std::uint32_t white = 255 - TIFFGetA(pixel);
    image.rgb[3 * i] = static_cast<std::uint8_t>(std::min(255U, TIFFGetR(pixel) + white));
    image.rgb[3 * i + 1] = static_cast<std::uint8_t>(std::min(255U, TIFFGetG(pixel) + white));
    image.rgb[3 * i + 2] = static_cast<std::uint8_t>(std::min(255U, TIFFGetB(pixel) + white));
  }
  return image;
}

}  // namespace

Result<StoredHeader> read_tiff_header(ByteSpan bytes) {
  if (ends_before_directory(bytes)) return cut_short();
  Memory memory{bytes, 0, {}};
  const Tiff tiff = open(memory, 0);
  if (!tiff) return broken(fmt::format("TIFF header ({})", memory.error));
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  if (TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width) == 0 ||
      TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height) == 0 ||
      width > std::numeric_limits<int>::max() || height > std::numeric_limits<int>::max()) {
    return broken("TIFF header");
  }
  std::uint16_t orientation = 1;
  TIFFGetFieldDefaulted(tiff.get(), TIFFTAG_ORIENTATION, &orientation);
  if (orientation < 1 || orientation > 8) orientation = 1;
  return StoredHeader{Format::tiff, static_cast<int>(width), static_cast<int>(height), orientation};
}

Result<Image> decode_tiff(ByteSpan bytes, const StoredHeader& header) {
  Memory memory{bytes, 0, {}};
  const auto pixels =
      static_cast<std::uint64_t>(header.width_px) * static_cast<std::uint64_t>(header.height_px);
  const Tiff tiff = open(memory, pixels);
  if (!tiff) return broken(fmt::format("TIFF header ({})", memory.error));
  BC_CHECK(check_kind(tiff.get()));
  BC_CHECK(check_tiles(tiff.get(), header));
  BC_CHECK(check_lengths(tiff.get(), bytes.size()));
  memory.error.clear();
  if (const auto layout = sample_layout(tiff.get())) {
    Image image(header.width_px, header.height_px);
    if (!read_samples(tiff.get(), *layout, image) || !memory.error.empty()) return failed(memory);
    return image;
  }
  return decode_by_libtiff(tiff.get(), header, memory);
}

}  // namespace bloodcell::image
