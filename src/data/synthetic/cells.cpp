#include "cells.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "shapes.hpp"

namespace bloodcell::data::synthetic {

namespace {

constexpr double kFullTurn = 2 * std::numbers::pi;

Point polar(double radius, double angle) {
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

// Draws one cell part by part; all points are relative to its centre.
class CellPainter {
 public:
  CellPainter(Smear& smear, Point centre, const Noise& noise, Random& random)
      : smear_(smear), centre_(centre), noise_(noise), random_(random) {}

  // An amount that clumps: 1 ± contrast over `grain` µm.
  [[nodiscard]] Amount clumped(double amount, double contrast, double grain) {
    const Point shift{random_.uniform(0, 32), random_.uniform(0, 32)};
    return [&noise = noise_, amount, contrast, grain, shift](Point at) {
      return amount * (1 + contrast * noise.rough(at.x / grain + shift.x, at.y / grain + shift.y));
    };
  }

  void body(const Roundish& shape, double raggedness, Pigment pigment, const Amount& amount) {
    const Distance outline =
        ragged([&shape](Point at) { return shape.distance(at); }, noise_, raggedness, 1.2, random_);
    const image::Box box =
        smear_.paint(pigment, centre_, shape.reach() + raggedness, outline, amount);
    if (box.width > 0) box_ = box;
  }

  void nucleus(const Distance& outline, double reach, const Amount& amount) {
    smear_.paint(Pigment::chromatin, centre_, reach, ragged(outline, noise_, 0.22, 1.3, random_),
                 amount, 0.25);
  }

  // Small balls strewn where `inside` is below −radius.
  void granules(Pigment pigment, int count, double radius, double amount, double reach,
                const Distance& inside) {
    for (int i = 0; i < count; ++i) {
      const double own_radius = radius * random_.uniform(0.7, 1.3);
      const double own_amount = amount * random_.uniform(0.6, 1.3);
      const Point at = polar(reach * std::sqrt(random_.uniform()), random_.uniform(0, kFullTurn));
      if (inside(at) > -0.5 * own_radius) continue;
      const auto ball = [own_radius](Point p) { return std::hypot(p.x, p.y) - own_radius; };
      smear_.paint(
          pigment, {centre_.x + at.x, centre_.y + at.y}, own_radius, ball,
          [own_amount](Point) { return own_amount; }, 0.3);
    }
  }

  [[nodiscard]] double draw(double low, double high) { return random_.uniform(low, high); }
  [[nodiscard]] int whole(int low, int high) {
    return low + static_cast<int>(random_.below(static_cast<std::uint64_t>(high - low + 1)));
  }
  [[nodiscard]] bool chance(double probability) { return random_.chance(probability); }
  [[nodiscard]] double angle() { return random_.uniform(0, kFullTurn); }
  [[nodiscard]] Roundish roundish(double radius, double wobble, double stretch) {
    return {radius, wobble, stretch, random_};
  }
  [[nodiscard]] image::Box box() const { return box_; }

 private:
  Smear& smear_;
  Point centre_;
  const Noise& noise_;
  Random& random_;
  image::Box box_;
};

// Lobes along a bow about the cell's middle.
Lobes bow(CellPainter& painter, int count, double bow_radius, double turn, double lobe_radius) {
  Lobes nucleus;
  const double start = painter.angle();
  for (int i = 0; i < count; ++i) {
    const double share = count > 1 ? static_cast<double>(i) / (count - 1) : 0.5;
    const Point at = polar(bow_radius * painter.draw(0.85, 1.15),
                           start + turn * share + painter.draw(-0.12, 0.12));
    nucleus.lobes.push_back({at, lobe_radius * painter.draw(0.88, 1.12)});
  }
  return nucleus;
}

Distance outline_of(const Lobes& lobes) {
  return [&lobes](Point at) { return lobes.distance(at); };
}

Distance outline_of(const Roundish& shape) {
  return [&shape](Point at) { return shape.distance(at); };
}

void draw_neutrophil(CellPainter& painter) {
  const double radius = painter.draw(5.9, 6.9);
  const Roundish body = painter.roundish(radius, 0.05, painter.draw(1, 1.15));
  painter.body(body, 0.15, Pigment::cytoplasm_pink, painter.clumped(1.0, 0.35, 0.5));
  painter.granules(Pigment::granule_purple, 90, 0.16, 0.16, radius, outline_of(body));
  const int lobes = painter.whole(3, 5);
  Lobes nucleus = bow(painter, lobes, radius * 0.5, painter.draw(3.6, 4.7), 2.6 - 0.2 * lobes);
  nucleus.pinch = painter.draw(0.6, 1.0);
  painter.nucleus(outline_of(nucleus), radius, painter.clumped(0.92, 0.35, 0.8));
}

void draw_eosinophil(CellPainter& painter) {
  const double radius = painter.draw(6.0, 7.0);
  const Roundish body = painter.roundish(radius, 0.05, painter.draw(1, 1.15));
  painter.body(body, 0.15, Pigment::cytoplasm_pink, painter.clumped(0.8, 0.2, 1.0));
  Lobes nucleus = bow(painter, painter.chance(0.8) ? 2 : 3, radius * 0.48, painter.draw(1.9, 2.7),
                      painter.draw(2.1, 2.5));
  nucleus.pinch = 1.6;
  const Distance beside = [&](Point at) {
    return std::max(body.distance(at), 0.2 - nucleus.distance(at));
  };
  painter.granules(Pigment::granule_orange, 520, 0.42, 0.34, radius, beside);
  painter.nucleus(outline_of(nucleus), radius, painter.clumped(0.85, 0.35, 0.9));
}

void draw_basophil(CellPainter& painter) {
  const double radius = painter.draw(5.4, 6.4);
  const Roundish body = painter.roundish(radius, 0.06, painter.draw(1, 1.15));
  painter.body(body, 0.3, Pigment::cytoplasm_grey, painter.clumped(0.9, 0.3, 0.8));
  const Lobes nucleus = bow(painter, painter.whole(2, 3), radius * 0.35, painter.draw(1.8, 3.2),
                            painter.draw(2.4, 2.9));
  painter.nucleus(outline_of(nucleus), radius, painter.clumped(0.6, 0.4, 1.2));
  painter.granules(Pigment::granule_purple, painter.whole(170, 250), 0.42, 0.42, radius,
                   outline_of(body));
}

void draw_lymphocyte(CellPainter& painter) {
  const double radius = painter.draw(4.2, 5.3);
  const Roundish body = painter.roundish(radius, 0.04, painter.draw(1, 1.1));
  painter.body(body, 0.12, Pigment::cytoplasm_blue, painter.clumped(0.65, 0.25, 0.9));
  const Roundish core = painter.roundish(radius * painter.draw(0.84, 0.92), 0.04, 1.06);
  const Point shift = polar(radius * 0.06, painter.angle());
  painter.nucleus([&](Point at) { return core.distance({at.x - shift.x, at.y - shift.y}); },
                  radius * 1.2, painter.clumped(0.78, 0.4, 1.0));
}

void draw_monocyte(CellPainter& painter) {
  const double radius = painter.draw(7.0, 8.2);
  const Roundish body = painter.roundish(radius, 0.07, painter.draw(1, 1.15));
  std::vector<Lobes::Lobe> vacuoles;
  for (int i = painter.whole(2, 9); i > 0; --i) {
    vacuoles.push_back(
        {polar(radius * painter.draw(0.55, 0.9), painter.angle()), painter.draw(0.3, 0.7)});
  }
  const Amount cytoplasm = painter.clumped(1.15, 0.3, 0.7);
  painter.body(body, 0.35, Pigment::cytoplasm_grey, [&](Point at) {
    double open = 1;
    for (const auto& vacuole : vacuoles) {
      const double from = std::hypot(at.x - vacuole.centre.x, at.y - vacuole.centre.y);
      open = std::min(open, std::clamp((from - vacuole.radius) / 0.3 + 0.5, 0.1, 1.0));
    }
    return open * cytoplasm(at);
  });
  painter.granules(Pigment::granule_purple, 60, 0.16, 0.2, radius, outline_of(body));
  const Lobes nucleus =
      bow(painter, 5, radius * 0.37, painter.draw(2.9, 3.9), radius * painter.draw(0.33, 0.38));
  painter.nucleus(outline_of(nucleus), radius, painter.clumped(0.66, 0.5, 0.8));
}

void draw_immature_granulocyte(CellPainter& painter) {
  const double radius = painter.draw(7.0, 8.2);
  const Roundish body = painter.roundish(radius, 0.06, painter.draw(1, 1.2));
  painter.body(body, 0.25, Pigment::cytoplasm_grey,
               painter.clumped(painter.draw(0.55, 0.9), 0.3, 0.7));
  const Roundish core =
      painter.roundish(radius * painter.draw(0.58, 0.66), 0.06, painter.draw(1.25, 1.5));
  const Point shift = polar(radius * painter.draw(0.12, 0.25), painter.angle());
  painter.granules(Pigment::granule_purple, painter.whole(140, 240), 0.24, 0.5, radius,
                   outline_of(body));
  painter.nucleus([&](Point at) { return core.distance({at.x - shift.x, at.y - shift.y}); }, radius,
                  painter.clumped(0.75, 0.35, 0.8));
}

void draw_erythroblast(CellPainter& painter) {
  const double radius = painter.draw(4.7, 5.8);
  const Roundish body = painter.roundish(radius, 0.05, painter.draw(1, 1.12));
  const double blue = painter.draw(0.25, 0.7);
  painter.body(body, 0.15, Pigment::hemoglobin, painter.clumped(1.1 * (1 - blue) + 0.4, 0.1, 1.0));
  painter.body(body, 0.15, Pigment::cytoplasm_blue, painter.clumped(blue, 0.25, 0.8));
  const Roundish core = painter.roundish(radius * painter.draw(0.52, 0.64), 0.03, 1.03);
  const Point shift = polar(radius * painter.draw(0.02, 0.2), painter.angle());
  painter.nucleus([&](Point at) { return core.distance({at.x - shift.x, at.y - shift.y}); }, radius,
                  painter.clumped(0.85, 0.5, 0.7));
}

void draw_platelet(CellPainter& painter) {
  const double radius = painter.draw(1.6, 2.4);
  const Roundish body = painter.roundish(radius, 0.12, painter.draw(1, 1.4));
  painter.body(body, 0.25, Pigment::cytoplasm_grey, painter.clumped(0.6, 0.3, 0.5));
  painter.granules(Pigment::granule_purple, painter.whole(40, 70), 0.26, 0.2, radius * 0.85,
                   outline_of(body));
}

}  // namespace

image::Box draw_cell(Smear& smear, std::string_view label, Point centre, const Noise& noise,
                     Random& random) {
  CellPainter painter(smear, centre, noise, random);
  if (label == "neutrophil") draw_neutrophil(painter);
  if (label == "eosinophil") draw_eosinophil(painter);
  if (label == "basophil") draw_basophil(painter);
  if (label == "lymphocyte") draw_lymphocyte(painter);
  if (label == "monocyte") draw_monocyte(painter);
  if (label == "ig") draw_immature_granulocyte(painter);
  if (label == "erythroblast") draw_erythroblast(painter);
  if (label == "platelet") draw_platelet(painter);
  return painter.box();
}

image::Box draw_red_cell(Smear& smear, Point centre, const Noise& noise, Random& random) {
  CellPainter painter(smear, centre, noise, random);
  const Roundish body =
      painter.roundish(kRedCellRadius * painter.draw(0.9, 1.1), 0.05, painter.draw(1, 1.25));
  const double pallor = painter.chance(0.75) ? painter.draw(0.5, 0.95) : painter.draw(0, 0.2);
  const double width = painter.draw(0.6, 0.85);
  const double thickness = painter.draw(0.9, 1.15);
  painter.body(body, 0.08, Pigment::hemoglobin, [&](Point at) {
    const double depth = body.depth(at);
    const double t = std::clamp((depth - 0.1) / width, 0.0, 1.0);
    const double dimple = pallor * (1 - t * t * (3 - 2 * t));
    const double rim = 0.25 * std::clamp((depth - 0.8) / 0.15, 0.0, 1.0);
    return thickness * (1 - dimple + rim);
  });
  return painter.box();
}

}  // namespace bloodcell::data::synthetic
