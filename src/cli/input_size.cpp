#include <bloodcell/cli/input_size.hpp>

#include <charconv>

namespace bloodcell::cli {

Result<InputSize> input_size_from(const std::string& text) {
  InputSize size;
  const char* const end = text.data() + text.size();
  const auto width = std::from_chars(text.data(), end, size.width_px);
  if (width.ec == std::errc{} && width.ptr == end) return InputSize{size.width_px, size.width_px};
  if (width.ec == std::errc{} && *width.ptr == 'x') {
    const auto height = std::from_chars(width.ptr + 1, end, size.height_px);
    if (height.ec == std::errc{} && height.ptr == end) return size;
  }
  return fail(ErrorCode::usage, fmt::format("--size {}: give width x height, as 320x240", text));
}

}  // namespace bloodcell::cli
