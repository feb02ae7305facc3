// What we are willing to read. Checked before memory is taken; each error names the limit and its
// option.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bloodcell {

struct Limits {
  std::uint64_t max_file_bytes = 256ULL << 20;  // one image, table or model file
  std::uint64_t max_pixels = 100'000'000;       // one decoded image (300 MB as RGB)
  int max_side_px = 60'000;                     // either side of one image
  std::size_t max_files = 10'000'000;           // one folder tree or list
  int max_folder_depth = 64;
  std::uint64_t max_json_bytes = 64ULL << 20;
  std::uint64_t cache_bytes = 1ULL << 30;  // decoded images a loader keeps
};

}  // namespace bloodcell
