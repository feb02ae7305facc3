#include "shapes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace bloodcell::data::synthetic {

Roundish::Roundish(double radius, double wobble, double stretch, Random& random)
    : radius_(radius), stretch_(std::sqrt(stretch)) {
  const double angle = random.uniform(0, 2 * std::numbers::pi);
  cosine_ = std::cos(angle);
  sine_ = std::sin(angle);
  double total = 0;
  for (std::size_t i = 0; i < swing_.size(); ++i) {
    swing_[i] = random.uniform(0, 1) / static_cast<double>(i + 1);
    phase_[i] = random.uniform(0, 2 * std::numbers::pi);
    total += swing_[i];
  }
  for (double& swing : swing_) swing *= wobble / std::max(total, 1e-9);
  reach_ = radius_ * (1 + wobble) * stretch_;
}

Point Roundish::turned(Point at) const {
  return {(at.x * cosine_ + at.y * sine_) / stretch_, (at.y * cosine_ - at.x * sine_) * stretch_};
}

double Roundish::radius_towards(Point turned) const {
  const double angle = std::atan2(turned.y, turned.x);
  double factor = 1;
  for (std::size_t i = 0; i < swing_.size(); ++i) {
    factor += swing_[i] * std::cos(static_cast<double>(i + 2) * angle + phase_[i]);
  }
  return radius_ * factor;
}

double Roundish::distance(Point at) const {
  const Point p = turned(at);
  return std::hypot(p.x, p.y) - radius_towards(p);
}

double Roundish::depth(Point at) const {
  const Point p = turned(at);
  return std::hypot(p.x, p.y) / radius_towards(p);
}

double Lobes::distance(Point at) const {
  double nearest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < lobes.size(); ++i) {
    const Lobe& a = lobes[i];
    const Lobe& b = lobes[std::min(i + 1, lobes.size() - 1)];
    const double dx = b.centre.x - a.centre.x;
    const double dy = b.centre.y - a.centre.y;
    const double length2 = dx * dx + dy * dy;
    const double along = (at.x - a.centre.x) * dx + (at.y - a.centre.y) * dy;
    const double t = length2 > 0 ? std::clamp(along / length2, 0.0, 1.0) : 0.0;
    const double radius = a.radius + (b.radius - a.radius) * t - pinch * 4 * t * (1 - t);
    const double from_axis = std::hypot(at.x - a.centre.x - t * dx, at.y - a.centre.y - t * dy);
    nearest = std::min(
        {nearest, from_axis - radius, std::hypot(at.x - a.centre.x, at.y - a.centre.y) - a.radius});
  }
  return nearest;
}

Distance ragged(Distance outline, const Noise& noise, double depth, double length, Random& random) {
  const Point shift{random.uniform(0, 32), random.uniform(0, 32)};
  return [outline = std::move(outline), &noise, depth, length, shift](Point at) {
    return outline(at) + depth * noise.rough(at.x / length + shift.x, at.y / length + shift.y);
  };
}

}  // namespace bloodcell::data::synthetic
