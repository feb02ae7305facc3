#include <bloodcell/image/decode.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <new>
#include <string>

#include <bloodcell/base/files.hpp>

#include "formats.hpp"
#include "orientation.hpp"

namespace bloodcell::image {

namespace {

bool starts_with(ByteSpan bytes, std::string_view magic, std::size_t at = 0) {
  return bytes.size() >= at + magic.size() &&
         std::memcmp(bytes.data() + at, magic.data(), magic.size()) == 0;
}

// "BM" alone also begins words; the length of the header that follows tells a picture.
bool is_bmp(ByteSpan bytes) {
  if (!starts_with(bytes, "BM") || bytes.size() < 18) return false;
  static constexpr std::array<unsigned, 8> kHeaderBytes{12, 16, 40, 52, 56, 64, 108, 124};
  const auto length = static_cast<unsigned>(bytes[14]);
  const bool small = bytes[15] == std::byte{0} && bytes[16] == std::byte{0};
  return small && std::find(kHeaderBytes.begin(), kHeaderBytes.end(), length) != kHeaderBytes.end();
}

std::optional<Format> format_of(ByteSpan bytes) {
  using namespace std::string_view_literals;
  if (starts_with(bytes, "\xFF\xD8\xFF")) return Format::jpeg;
  if (starts_with(bytes, "\x89PNG\r\n\x1A\n")) return Format::png;
  if (starts_with(bytes, "II*\0"sv) || starts_with(bytes, "MM\0*"sv)) return Format::tiff;
  if (starts_with(bytes, "II+\0"sv) || starts_with(bytes, "MM\0+"sv)) return Format::tiff;
  if (starts_with(bytes, "RIFF") && starts_with(bytes, "WEBP", 8)) return Format::webp;
  if (is_bmp(bytes)) return Format::bmp;
  return std::nullopt;
}

// A file that stops within the first letters of one of our formats.
bool is_start_of_ours(ByteSpan bytes) {
  using namespace std::string_view_literals;
  if (starts_with(bytes, "BM")) return bytes.size() < 18;
  if (starts_with(bytes, "RIFF")) return bytes.size() < 12;
  for (const auto magic : {"\xFF\xD8\xFF"sv, "\x89PNG\r\n\x1A\n"sv, "II*\0"sv, "MM\0*"sv}) {
    if (bytes.size() < magic.size() && starts_with(bytes, magic.substr(0, bytes.size()))) {
      return true;
    }
  }
  return false;
}

std::string_view head_of(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 512)};
}

// No control characters and none of the bytes that UTF-8 never has.
bool looks_like_text(ByteSpan bytes) {
  const std::string_view head = head_of(bytes);
  return std::all_of(head.begin(), head.end(), [](char letter) {
    const auto c = static_cast<unsigned char>(letter);
    return (c >= 0x20 && c < 0xF8) || c == '\n' || c == '\r' || c == '\t';
  });
}

bool is_svg(ByteSpan bytes) {
  return looks_like_text(bytes) && head_of(bytes).find("<svg") != std::string_view::npos;
}

tl::unexpected<Error> not_ours(ByteSpan bytes) {
  using namespace std::string_view_literals;
  struct Known {
    std::string_view magic;
    std::size_t at;
    const char* what;
  };
  static constexpr std::array kKnown{
      Known{"GIF8", 0, "a GIF picture"},
      Known{"%PDF", 0, "a PDF document"},
      Known{"ftyphe", 4, "a HEIC picture"},
      Known{"ftypmif1", 4, "a HEIF picture"},
      Known{"ftypmsf1", 4, "a HEIF picture"},
      Known{"ftypavi", 4, "an AVIF picture"},
      Known{"ftyp", 4, "a film"},
      Known{"PK\3\4", 0, "a ZIP archive"},
      Known{"8BPS", 0, "a Photoshop file"},
      Known{"\x1F\x8B", 0, "a gzip archive"},
      Known{"\xFF\x0A", 0, "a JPEG XL picture"},
      Known{"\0\0\0\x0CJXL"sv, 0, "a JPEG XL picture"},
      Known{"\0\0\0\x0CjP"sv, 0, "a JPEG 2000 picture"},
  };
  const auto unread = [](const char* what) {
    return fail(ErrorCode::unsupported, fmt::format("{}, which we do not read", what), "",
                "save it as PNG, JPEG, TIFF, BMP or WebP");
  };
  for (const Known& known : kKnown) {
    if (starts_with(bytes, known.magic, known.at)) return unread(known.what);
  }
  if (is_svg(bytes)) return unread("an SVG drawing");
  if (is_start_of_ours(bytes)) return cut_short();
  if (looks_like_text(bytes)) return fail(ErrorCode::malformed, "text, not a picture");
  return fail(ErrorCode::malformed, "not a picture of a kind we know");
}

Result<StoredHeader> read_stored_header(ByteSpan bytes, const Limits& limits) {
  if (bytes.empty()) return fail(ErrorCode::malformed, "an empty file", "", "copy it again");
  const auto format = format_of(bytes);
  if (!format) return not_ours(bytes);
  Result<StoredHeader> header;
  switch (*format) {
    case Format::jpeg: header = read_jpeg_header(bytes); break;
    case Format::png: header = read_png_header(bytes); break;
    case Format::tiff: header = read_tiff_header(bytes); break;
    case Format::webp: header = read_webp_header(bytes); break;
    case Format::bmp: header = read_bmp_header(bytes); break;
  }
  if (!header) return header;
  header->format = *format;
  BC_CHECK(check_sides(header->width_px, header->height_px, limits));
  return header;
}

Result<Image> decode_stored(ByteSpan bytes, const StoredHeader& header, DecodeOptions options) {
  switch (header.format) {
    case Format::jpeg:
      if (turns_sides(header.orientation)) std::swap(options.min_width_px, options.min_height_px);
      return decode_jpeg(bytes, header, options);
    case Format::png: return decode_png(bytes, header);
    case Format::tiff: return decode_tiff(bytes, header);
    case Format::webp: return decode_webp(bytes, header);
    case Format::bmp: return decode_bmp(bytes, header);
  }
  return broken("format");
}

}  // namespace

std::string_view name_of(Format format) {
  switch (format) {
    case Format::jpeg: return "JPEG";
    case Format::png: return "PNG";
    case Format::bmp: return "BMP";
    case Format::tiff: return "TIFF";
    case Format::webp: return "WebP";
  }
  return "picture";
}

tl::unexpected<Error> cut_short() {
  return fail(ErrorCode::malformed, "ends early: the picture is not whole", "", "copy it again");
}

tl::unexpected<Error> broken(std::string what) {
  return fail(ErrorCode::malformed, "damaged: " + std::move(what), "", "copy it again");
}

Result<void> check_sides(std::int64_t width_px, std::int64_t height_px, const Limits& limits) {
  if (width_px < 1 || height_px < 1) {
    return broken(fmt::format("a picture of {}x{} pixels", width_px, height_px));
  }
  const bool sides_fit = width_px <= limits.max_side_px && height_px <= limits.max_side_px;
  if (sides_fit && static_cast<std::uint64_t>(width_px * height_px) <= limits.max_pixels) return {};
  return fail(ErrorCode::limit_exceeded,
              fmt::format("{}x{} pixels, more than the limits of {} in all and {} a side", width_px,
                          height_px, limits.max_pixels, limits.max_side_px),
              "", "raise --max-pixels if you trust it");
}

void lay_over_white(std::span<const std::uint8_t> rgba, Image& image) {
  for (std::size_t from = 0, to = 0; to < image.rgb.size(); from += 4, to += 3) {
    const std::uint8_t alpha = rgba[from + 3];
    for (std::size_t c = 0; c < 3; ++c) image.rgb[to + c] = over_white(rgba[from + c], alpha);
  }
}

Result<Header> read_header(std::span<const std::byte> bytes, const Limits& limits) {
  BC_ASSIGN(const StoredHeader stored, read_stored_header(bytes, limits));
  Header header{stored.format, stored.width_px, stored.height_px, stored.orientation};
  if (turns_sides(stored.orientation)) std::swap(header.width_px, header.height_px);
  return header;
}

Result<Image> decode(std::span<const std::byte> bytes, const Limits& limits,
                     const DecodeOptions& options) {
  BC_ASSIGN(const StoredHeader header, read_stored_header(bytes, limits));
  try {
    BC_ASSIGN(Image image, decode_stored(bytes, header, options));
    return oriented(std::move(image), header.orientation);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("{}x{} pixels, for which there is not memory enough", header.width_px,
                            header.height_px));
  }
}

Result<Image> decode_file(const std::filesystem::path& path, const Limits& limits,
                          const DecodeOptions& options) {
  BC_ASSIGN(const Bytes bytes, read_file(path, limits.max_file_bytes));
  return decode(bytes, limits, options).map_error([&](Error error) {
    return with_path(std::move(error), path.string());
  });
}

bool has_image_name(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static constexpr std::array<std::string_view, 7> kExtensions{".jpg", ".jpeg", ".png", ".bmp",
                                                               ".tif", ".tiff", ".webp"};
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

}  // namespace bloodcell::image
