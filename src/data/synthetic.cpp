#include <bloodcell/data/synthetic.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <bloodcell/base/random.hpp>

#include "synthetic/cells.hpp"
#include "synthetic/noise.hpp"
#include "synthetic/smear.hpp"

namespace bloodcell::data {

namespace {

using synthetic::Point;

constexpr std::array<std::string_view, 8> kLabels{"basophil",   "eosinophil", "erythroblast",
                                                  "ig",         "lymphocyte", "monocyte",
                                                  "neutrophil", "platelet"};

constexpr double kFrameUm = 28;  // across the picture of one cell
constexpr double kFieldUm = 80;  // across a field, if its cells fit into that
constexpr int kLongestFieldSide = 4096;
constexpr int kMostRedCells = 20'000;
constexpr std::size_t kMostWhiteCells = 1'000;

bool is_label(std::string_view label) {
  return std::find(kLabels.begin(), kLabels.end(), label) != kLabels.end();
}

Result<void> check_label(std::string_view label) {
  if (is_label(label)) return {};
  return fail(ErrorCode::not_found, fmt::format("no made-up cell is called `{}`", label), {},
              fmt::format("name one of {}", fmt::join(kLabels, ", ")));
}

double reach_of(std::string_view label) {
  return label == "platelet" ? synthetic::kPlateletReach : synthetic::kWhiteCellReach;
}

// Where cells lie already; a new one is put where it overlaps them least.
class Places {
 public:
  void take(Point centre, double radius) { taken_.push_back({centre, radius}); }

  // The first of some random places from which all others keep their distance, else the one that
  // comes nearest to that.
  template <class Draw>
  [[nodiscard]] Point find(double radius, Draw draw) const {
    Point best{};
    double best_gap = -1e9;
    for (int attempt = 0; attempt < 40 && best_gap < 0; ++attempt) {
      const Point at = draw();
      double gap = 1e9;
      for (const auto& other : taken_) {
        gap = std::min(
            gap, std::hypot(at.x - other.centre.x, at.y - other.centre.y) - other.radius - radius);
      }
      if (gap <= best_gap) continue;
      best = at;
      best_gap = gap;
    }
    return best;
  }

 private:
  struct Taken {
    Point centre;
    double radius;
  };
  std::vector<Taken> taken_;
};

// Anywhere on the picture, or up to `margin` within (beyond, if negative) its border.
Point draw_place(const synthetic::Smear& smear, double margin, Random& random) {
  return {random.uniform(margin, std::max(margin + 1e-9, smear.width_um() - margin)),
          random.uniform(margin, std::max(margin + 1e-9, smear.height_um() - margin))};
}

// Red cells touch and overlap a little, as in a smear.
Point place_red_cell(const synthetic::Smear& smear, Places& places, Random& random) {
  const double radius = synthetic::kRedCellRadius * random.uniform(0.82, 1.08);
  const Point at = places.find(
      radius, [&] { return draw_place(smear, -0.6 * synthetic::kRedCellRadius, random); });
  places.take(at, radius);
  return at;
}

bool is_empty(const image::Box& box) { return box.width <= 0 || box.height <= 0; }

}  // namespace

std::span<const std::string_view> synthetic_labels() { return kLabels; }

Result<image::Image> synthetic_cell(std::string_view label, std::uint64_t seed, std::uint64_t index,
                                    int side_px) {
  BC_CHECK(check_label(label));
  if (side_px < 32 || side_px > 1024) {
    return fail(ErrorCode::usage, fmt::format("{} pixels; the side of a made-up cell's picture is "
                                              "32 to 1024 pixels",
                                              side_px));
  }
  Random random(seed, stream_of(label), index);
  const synthetic::Noise noise(random);
  synthetic::Smear smear(side_px, side_px, side_px / kFrameUm);
  const Point middle{kFrameUm / 2 + random.uniform(-0.8, 0.8),
                     kFrameUm / 2 + random.uniform(-0.8, 0.8)};
  Places places;
  places.take(middle, label == "platelet" ? 2.6 : reach_of(label) * 0.8);
  const int red_cells = 4 + static_cast<int>(random.below(9));
  for (int i = 0; i < red_cells; ++i) {
    synthetic::draw_red_cell(smear, place_red_cell(smear, places, random), noise, random);
  }
  synthetic::draw_cell(smear, label, middle, noise, random);
  return smear.photograph(random);
}

Result<SyntheticField> synthetic_field(std::span<const std::string_view> white_cells, int red_cells,
                                       std::uint64_t seed, std::uint64_t index, int width_px,
                                       int height_px) {
  for (const auto label : white_cells) BC_CHECK(check_label(label));
  if (std::min(width_px, height_px) < 64 || std::max(width_px, height_px) > kLongestFieldSide) {
    return fail(ErrorCode::usage, fmt::format("{}×{} pixels; the sides of a field are 64 to {}",
                                              width_px, height_px, kLongestFieldSide));
  }
  if (red_cells < 0 || red_cells > kMostRedCells || white_cells.size() > kMostWhiteCells) {
    return fail(ErrorCode::usage,
                fmt::format("{} red and {} white cells; a field has up to {} and {}", red_cells,
                            white_cells.size(), kMostRedCells, kMostWhiteCells));
  }
  const double aspect = static_cast<double>(width_px) / height_px;
  const double needed_um2 = 300.0 * static_cast<double>(white_cells.size() + 1) + 60.0 * red_cells;
  const double width_um =
      std::max({kFieldUm * std::min(1.0, aspect), std::sqrt(needed_um2 * aspect),
                2.5 * synthetic::kWhiteCellReach * std::max(1.0, aspect)});
  synthetic::Smear smear(width_px, height_px, width_px / width_um);

  Random random(seed, stream_of("field"), index);
  const synthetic::Noise noise(random);
  SyntheticField field;
  const auto record = [&](std::string_view label, const image::Box& box) {
    if (!is_empty(box)) field.cells.push_back({std::string(label), box});
  };
  Places places;
  const auto add_cell = [&](std::string_view label) {
    const double reach = reach_of(label);
    const Point at = places.find(reach * 0.8, [&] { return draw_place(smear, reach, random); });
    places.take(at, reach * 0.8);
    record(label, synthetic::draw_cell(smear, label, at, noise, random));
  };
  for (const auto label : white_cells) add_cell(label);
  for (int i = 0; i < red_cells; ++i) {
    record("red",
           synthetic::draw_red_cell(smear, place_red_cell(smear, places, random), noise, random));
  }
  for (int i = 0; i < (red_cells + 7) / 15; ++i) add_cell("platelet");
  field.image = smear.photograph(random);
  return field;
}

}  // namespace bloodcell::data
