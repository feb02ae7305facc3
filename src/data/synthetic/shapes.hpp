// Outlines of cells and nuclei as distances, in µm about the centre of the shape. Private to the
// layer.
#pragma once

#include <array>
#include <vector>

#include <bloodcell/base/random.hpp>

#include "noise.hpp"
#include "smear.hpp"

namespace bloodcell::data::synthetic {

// A disc whose radius swings a little around the compass, drawn out along one direction.
class Roundish {
 public:
  // wobble: largest swing as a part of the radius; stretch ≥ 1: long over short side.
  Roundish(double radius, double wobble, double stretch, Random& random);

  [[nodiscard]] double distance(Point at) const;
  // From 0 in the middle to 1 on the outline.
  [[nodiscard]] double depth(Point at) const;
  [[nodiscard]] double reach() const { return reach_; }

 private:
  [[nodiscard]] double radius_towards(Point turned) const;
  [[nodiscard]] Point turned(Point at) const;

  double radius_;
  double stretch_;
  double cosine_;
  double sine_;
  double reach_;
  std::array<double, 4> swing_{};  // of the waves with 2 … 5 periods
  std::array<double, 4> phase_{};
};

// Discs in a row, joined by necks: lobes of a nucleus, or a bent band where the necks are not
// pinched.
struct Lobes {
  struct Lobe {
    Point centre;
    double radius = 0;
  };
  std::vector<Lobe> lobes;
  double pinch = 0;  // how much thinner a neck is in its middle, µm

  [[nodiscard]] double distance(Point at) const;
};

// The same outline, ragged by up to `depth`, in waves about `length` long.
[[nodiscard]] Distance ragged(Distance outline, const Noise& noise, double depth, double length,
                              Random& random);

}  // namespace bloodcell::data::synthetic
