// The size of a network's input as people write it.
#pragma once

#include <string>

#include <bloodcell/base/result.hpp>

namespace bloodcell::cli {

struct InputSize {
  int width_px = 0;
  int height_px = 0;
};

// `320x240`, or `96` for both sides; the range is the network's to check. Errors: usage, naming
// --size.
[[nodiscard]] Result<InputSize> input_size_from(const std::string& text);

}  // namespace bloodcell::cli
