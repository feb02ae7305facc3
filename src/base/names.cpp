#include <bloodcell/base/names.hpp>

#include <algorithm>
#include <filesystem>

namespace bloodcell {

namespace {

constexpr std::size_t kLongestName = 4096;

// The length of the UTF-8 sequence at the front of `text`, 0 if there is none (Unicode 15, table
// 3-7).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i, int low = 0x80, int high = 0xBF) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool second = continues(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
    return second && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool second = continues(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
    return second && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_clean_name(std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return false;
  while (!name.empty()) {
    const auto first = static_cast<unsigned char>(name[0]);
    if (first < 0x20 || first == 0x7F) return false;
    const std::size_t length = utf8_length(name);
    if (length == 0) return false;
    name.remove_prefix(length);
  }
  return true;
}

Result<std::string> relative_file(std::string_view name) {
  if (name.empty()) return fail(ErrorCode::malformed, "the file name is empty");
  if (!is_clean_name(name)) {
    return fail(ErrorCode::malformed,
                "a file name that is not UTF-8, holds control characters or is too long");
  }
  const std::filesystem::path path(name);
  const bool climbs = std::find(path.begin(), path.end(), "..") != path.end();
  if (path.is_absolute() || climbs) {
    return fail(ErrorCode::malformed, fmt::format("`{}` leads outside the set's folder", name), {},
                "name files below the folder that the table lies in");
  }
  const std::filesystem::path normal = path.lexically_normal();
  if (!normal.has_filename() || normal == ".") {
    return fail(ErrorCode::malformed, fmt::format("`{}` is a folder, not a file", name));
  }
  return normal.generic_string();
}

}  // namespace bloodcell
