#pragma once

#include <string_view>

namespace bloodcell {

// `0.1.0`: semantic version of the library and the programs.
[[nodiscard]] std::string_view version();

}  // namespace bloodcell
