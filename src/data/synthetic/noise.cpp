#include "noise.hpp"

#include <cmath>
#include <cstddef>

namespace bloodcell::data::synthetic {

namespace {

double eased(double t) { return t * t * (3 - 2 * t); }

double mix(double a, double b, double t) { return a + (b - a) * t; }

}  // namespace

Noise::Noise(Random& random) {
  for (float& value : lattice_) value = static_cast<float>(random.uniform(-1, 1));
}

double Noise::at(double x, double y) const {
  const double left = std::floor(x);
  const double top = std::floor(y);
  const double u = eased(x - left);
  const double v = eased(y - top);
  const auto value = [&](int column, int row) {
    const auto i = static_cast<std::size_t>((static_cast<int>(left) + column) & (kPeriod - 1));
    const auto j = static_cast<std::size_t>((static_cast<int>(top) + row) & (kPeriod - 1));
    return static_cast<double>(lattice_[j * kPeriod + i]);
  };
  return mix(mix(value(0, 0), value(1, 0), u), mix(value(0, 1), value(1, 1), u), v);
}

double Noise::rough(double x, double y) const {
  return (at(x, y) + 0.5 * at(2 * x + 11, 2 * y + 5) + 0.25 * at(4 * x + 3, 4 * y + 17)) / 1.75;
}

}  // namespace bloodcell::data::synthetic
