// Files of the source tree that lie within the program (bloodcell_embed in CMake).
#pragma once

#include <string_view>

namespace bloodcell::embedded {

[[nodiscard]] std::string_view sets_registry();  // registry/sets.json

}  // namespace bloodcell::embedded
