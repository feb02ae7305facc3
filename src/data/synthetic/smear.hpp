// A stained smear as amounts of pigment on glass, and the camera that looks at it. Lengths are in
// µm unless a name says pixels. Private to the layer.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <vector>

#include <bloodcell/base/random.hpp>
#include <bloodcell/image/image.hpp>

namespace bloodcell::data::synthetic {

struct Point {
  double x = 0;
  double y = 0;
};

enum class Pigment : std::size_t {
  hemoglobin,      // red cells
  cytoplasm_pink,  // neutrophils: weak eosin
  cytoplasm_grey,  // monocytes: weak azure
  cytoplasm_blue,  // lymphocytes, erythroblasts: RNA that binds azure
  granule_orange,  // eosin in eosinophil granules
  granule_purple,  // azure in basophil, azurophil and platelet granules
  chromatin,       // azure-eosin complex on DNA
};
inline constexpr std::size_t kPigments = 7;

// Both are asked with a point relative to the centre of what is painted.
using Distance = std::function<double(Point)>;  // to the outline, negative inside
using Amount = std::function<double(Point)>;    // of pigment, 1: as in a usual cell

class Smear {
 public:
  Smear(int width_px, int height_px, double px_per_um);

  [[nodiscard]] double width_um() const { return width_px_ / px_per_um_; }
  [[nodiscard]] double height_um() const { return height_px_ / px_per_um_; }

  // Adds pigment inside the outline, with an edge `softness` wide (a pixel at least). `reach`: no
  // part of the outline lies farther from the centre. Returns the box of the pixels that are at
  // least half inside; empty if there is none.
  image::Box paint(Pigment pigment, Point centre, double reach, const Distance& outline,
                   const Amount& amount, double softness = 0.15);

  // What a camera sees: absorbed light by the law of Beer and Lambert, lamp and stain that differ
  // a little from picture to picture, slight blur, noise.
  [[nodiscard]] image::Image photograph(Random& random) const;

 private:
  int width_px_;
  int height_px_;
  double px_per_um_;
  std::array<std::vector<float>, kPigments> amounts_;  // height × width each
};

}  // namespace bloodcell::data::synthetic
