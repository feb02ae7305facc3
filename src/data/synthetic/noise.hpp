// Smooth noise over the plane, from one table of draws. Private to the layer.
#pragma once

#include <array>

#include <bloodcell/base/random.hpp>

namespace bloodcell::data::synthetic {

// Value noise: independent draws on a lattice of unit spacing, smoothly interpolated, repeating
// every 32 units. Thread-safe once made.
class Noise {
 public:
  explicit Noise(Random& random);

  [[nodiscard]] double at(double x, double y) const;  // −1 … 1
  // Three octaves, each twice as fine and half as strong as the last; −1 … 1.
  [[nodiscard]] double rough(double x, double y) const;

 private:
  static constexpr int kPeriod = 32;
  std::array<float, kPeriod * kPeriod> lattice_{};
};

}  // namespace bloodcell::data::synthetic
