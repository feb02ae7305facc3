// Files that the build put into the program: the page, the libraries it uses, the samples.
#pragma once

#include <span>
#include <string_view>

namespace bloodcell::serve {

struct Asset {
  std::string_view path;     // `/classify.js`
  std::string_view type;     // media type
  std::string_view tag;      // ETag, quotes included
  std::string_view content;  // lives as long as the program
  std::string_view gzip;     // the same, compressed; empty where that gains nothing
};

[[nodiscard]] std::span<const Asset> assets();

}  // namespace bloodcell::serve
