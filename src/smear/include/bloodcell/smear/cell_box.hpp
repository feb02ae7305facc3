// A cell in a field, and the comparison of two boxes.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include <bloodcell/image/image.hpp>

namespace bloodcell::smear {

enum class Kind { white, red, platelet };
inline constexpr std::size_t kKinds = 3;
inline constexpr std::array<std::string_view, kKinds> kKindNames{"white", "red", "platelet"};

// In pixels of the picture it is said of; x, y is the upper left corner; parts of pixels count.
struct CellBox {
  Kind kind = Kind::white;
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
  double score = 1;     // how sure it is that a cell is there, 0 … 1
  bool is_cut = false;  // it reaches the edge of the picture
};

// Intersection over union, 0 … 1, whatever the kinds. Boxes without area overlap nothing.
[[nodiscard]] double overlap_of(const CellBox& a, const CellBox& b);

// The pixels it covers best; at least one each way.
[[nodiscard]] image::Box whole_pixels(const CellBox& cell);

// The kind that published boxes mean: `WBC`, `RBC`, `Platelets`, or a class of white cell. Nothing
// for a name that is none of these.
[[nodiscard]] std::optional<Kind> kind_named(std::string_view name);

}  // namespace bloodcell::smear
