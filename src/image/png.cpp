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
// of read_rows.
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

  // Rows of width × 4 bytes; false on any error, which source() tells.
  [[nodiscard]] bool read_rows(png_uint_32 width, png_uint_32 height, png_bytep* rows) {
    if (png_ == nullptr || info_ == nullptr) return false;
    if (setjmp(png_jmpbuf(png_)) != 0) return false;  // NOLINT(cert-err52-cpp)
    png_set_user_limits(png_, width, height);
    png_set_read_fn(png_, &source_, &read_bytes);
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, 0);
    png_read_info(png_, info_);
    if (png_get_image_width(png_, info_) != width || png_get_image_height(png_, info_) != height) {
      png_error(png_, "two headers");
    }
    png_set_expand(png_);
    png_set_scale_16(png_);
    png_set_gray_to_rgb(png_);
    png_set_add_alpha(png_, 255, PNG_FILLER_AFTER);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    if (png_get_rowbytes(png_, info_) != width * std::size_t{4}) png_error(png_, "row length");
    png_read_image(png_, rows);
    png_read_end(png_, nullptr);
    return true;
  }

 private:
  Source source_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

std::uint32_t big_endian(ByteSpan bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = (value << 8) | static_cast<std::uint32_t>(bytes[at + i]);
  return value;
}

// The eXIf chunk's orientation, if it stands before the picture's data.
int orientation_of(ByteSpan bytes) {
  std::size_t at = 8;
  while (at + 12 <= bytes.size()) {
    const std::size_t length = big_endian(bytes, at);
    if (length > bytes.size() - at - 12) return 1;
    const char* type = reinterpret_cast<const char*>(bytes.data() + at + 4);
    if (std::memcmp(type, "eXIf", 4) == 0) return exif_orientation(bytes.subspan(at + 8, length));
    if (std::memcmp(type, "IDAT", 4) == 0) return 1;
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
  std::vector<std::uint8_t> rgba(width * height * 4);
  std::vector<png_bytep> rows(height);
  for (std::size_t y = 0; y < height; ++y) rows[y] = rgba.data() + y * width * 4;
  Reader reader(bytes);
  if (!reader.read_rows(static_cast<png_uint_32>(width), static_cast<png_uint_32>(height),
                        rows.data())) {
    if (reader.source().ended) return cut_short();
    return broken(fmt::format("PNG data ({})", reader.source().error));
  }
  Image image(header.width_px, header.height_px);
  lay_over_white(rgba, image);
  return image;
}

}  // namespace bloodcell::image
