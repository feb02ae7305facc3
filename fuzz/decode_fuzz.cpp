// Any bytes as a picture: an error or a whole picture of the size its header told, within limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include <bloodcell/image/decode.hpp>

namespace {

using namespace bloodcell;

void require(bool holds) {
  if (!holds) std::abort();
}

Limits tight_limits() {
  Limits limits;
  limits.max_pixels = 1 << 20;
  limits.max_side_px = 4096;
  return limits;
}

void check_whole(const image::Image& picture, const image::Header& header) {
  require(picture.width_px == header.width_px && picture.height_px == header.height_px);
  require(picture.rgb.size() == picture.pixel_bytes());
}

void check_scaled(const image::Image& picture, const image::Header& header,
                  const image::DecodeOptions& options) {
  const bool is_full = picture.width_px == header.width_px && picture.height_px == header.height_px;
  const bool is_long_enough =
      picture.width_px >= options.min_width_px && picture.height_px >= options.min_height_px;
  require(is_full || is_long_enough);
  require(picture.rgb.size() == picture.pixel_bytes());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  const Limits limits = tight_limits();
  const auto header = image::read_header(bytes, limits);
  const auto whole = image::decode(bytes, limits);
  require(header.has_value() || !whole.has_value());
  if (!header) return 0;
  require(header->orientation >= 1 && header->orientation <= 8);
  require(header->width_px <= limits.max_side_px && header->height_px <= limits.max_side_px);
  if (whole) check_whole(*whole, *header);
  if (header->format != image::Format::jpeg) return 0;
  const image::DecodeOptions options{17, 9};
  const auto scaled = image::decode(bytes, limits, options);
  if (scaled) check_scaled(*scaled, *header, options);
  return 0;
}
