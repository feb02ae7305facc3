#include <png.h>

#include <csetjmp>
#include <cstring>
#include <string>
#include <vector>

#include "formats.hpp"

namespace bloodcell::image {

namespace {

struct Source {
  ByteSpan left;
  bool ended = false;
  std::string error;
};

// libpng reports errors by longjmp: nothing that owns memory may be made between setjmp and the end
// of the function.
[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto* source = static_cast<Source*>(png_get_error_ptr(png));
  source->error = message;
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep to, std::size_t count) {
  auto* source = static_cast<Source*>(png_get_io_ptr(png));
  if (count > source->left.size()) {
    source->ended = true;
    png_error(png, "ends early");
  }
  std::memcpy(to, source->left.data(), count);
  source->left = source->left.subspan(count);
}

class Reader {
 public:
  explicit Reader(ByteSpan bytes) : source_{bytes, false, {}} {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source_, &on_error, &on_warning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
  }
  ~Reader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  [[nodiscard]] const Source& source() const { return source_; }

  // Channels of the rows to come: 3, or 4 with alpha.
  [[nodiscard]] std::size_t channels() const { return channels_; }

  // False on any error, which source() tells.
  [[nodiscard]] bool read_information(png_uint_32 width, png_uint_32 height) {
    if (png_ == nullptr || info_ == nullptr) return false;
    if (setjmp(png_jmpbuf(png_)) != 0) return false;  // NOLINT(cert-err52-cpp)
    png_set_user_limits(png_, width, height);
    png_set_read_fn(png_, &source_, &read_bytes);
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, 0);
    png_read_info(png_, info_);
    if (png_get_image_width(png_, info_) != width || png_get_image_height(png_, info_) != height) {
      png_error(png_, "two headers");
    }
    if (is_beyond_deflate(height)) {
      source_.ended = true;
      png_error(png_, "ends early");
    }
    png_set_expand(png_);
    png_set_scale_16(png_);
    png_set_gray_to_rgb(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    channels_ = png_get_channels(png_, info_);
    if (channels_ != 3 && channels_ != 4) png_error(png_, "channels");
    if (png_get_rowbytes(png_, info_) != width * channels_) png_error(png_, "row length");
    return true;
  }

  // Rows of width × channels bytes; false on any error, which source() tells.
  [[nodiscard]] bool read_rows(png_bytep* rows) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;  // NOLINT(cert-err52-cpp)
    png_read_image(png_, rows);
    png_read_end(png_, nullptr);
    return true;
  }

 private:
  // Deflate never shrinks by more than 1032 to 1: a longer picture is not in the bytes we have.
  [[nodiscard]] bool is_beyond_deflate(png_uint_32 height) const {
    constexpr std::uint64_t kBestRatio = 1032;
    const std::uint64_t rows_bytes = std::uint64_t{png_get_rowbytes(png_, info_)} * height;
    return rows_bytes > kBestRatio * (source_.left.size() + kBestRatio);
  }

  Source source_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::size_t channels_ = 0;
};

std::uint32_t big_endian(ByteSpan bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = (value << 8) | static_cast<std::uint32_t>(bytes[at + i]);
  return value;
}

// The eXIf chunk's orientation; it may stand before or after the picture's data.
int orientation_of(ByteSpan bytes) {
  std::size_t at = 8;
  while (at + 12 <= bytes.size()) {
    const std::size_t length = big_endian(bytes, at);
    if (length > bytes.size() - at - 12) return 1;
    const char* type = reinterpret_cast<const char*>(bytes.data() + at + 4);
    if (std::memcmp(type, "eXIf", 4) == 0) return exif_orientation(bytes.subspan(at + 8, length));
    at += 12 + length;
  }
  return 1;
}

}  // namespace

Result<StoredHeader> read_png_header(ByteSpan bytes) {
  constexpr std::size_t kHeaderEnd = 8 + 8 + 13 + 4;
  if (bytes.size() < kHeaderEnd) return cut_short();
  if (std::memcmp(bytes.data() + 12, "IHDR", 4) != 0) return broken("PNG header");
  const std::uint32_t width = big_endian(bytes, 16);
  const std::uint32_t height = big_endian(bytes, 20);
  constexpr std::uint32_t kLargest = 0x7fffffff;
  if (width > kLargest || height > kLargest) return broken("PNG header");
  return StoredHeader{Format::png, static_cast<int>(width), static_cast<int>(height),
                      orientation_of(bytes)};
}

Result<Image> decode_png(ByteSpan bytes, const StoredHeader& header) {
  const auto width = static_cast<std::size_t>(header.width_px);
  const auto height = static_cast<std::size_t>(header.height_px);
  Reader reader(bytes);
  const auto failed = [&reader] {
    if (reader.source().ended) return cut_short();
    return broken(fmt::format("PNG data ({})", reader.source().error));
  };
  if (!reader.read_information(static_cast<png_uint_32>(width), static_cast<png_uint_32>(height))) {
    return failed();
  }
  Image image(header.width_px, header.height_px);
  const bool has_alpha = reader.channels() == 4;
  std::vector<std::uint8_t> rgba(has_alpha ? width * height * 4 : 0);
  std::uint8_t* pixels = has_alpha ? rgba.data() : image.rgb.data();
  std::vector<png_bytep> rows(height);
  for (std::size_t y = 0; y < height; ++y) rows[y] = pixels + y * width * reader.channels();
  if (!reader.read_rows(rows.data())) return failed();
  if (has_alpha) lay_over_white(rgba, image);
  return image;
}

}  // namespace bloodcell::image
