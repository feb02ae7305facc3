// Files of the source tree that lie within the program (bloodcell_embed in CMake).
#pragma once

#include <string_view>

namespace bloodcell::embedded {

[[nodiscard]] std::string_view sets_registry();     // registry/sets.json
[[nodiscard]] std::string_view weights_registry();  // registry/weights.json: ImageNet weights
[[nodiscard]] std::string_view sample_field();      // samples/field_00018.jpg
[[nodiscard]] std::string_view sample_cell();       // samples/BA_101611.jpg

}  // namespace bloodcell::embedded
