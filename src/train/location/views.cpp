#include "location/views.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <bloodcell/image/frame.hpp>

namespace bloodcell::train {

namespace {

constexpr double kLeastZoom = 0.65;
constexpr double kMostZoom = 1.6;
constexpr double kLeastSeen = 0.35;  // of a cell's area; with less of it in view it is no cell
constexpr double kGreyChance = 0.05;
constexpr double kBlurChance = 0.25;

image::Box random_cut(const image::Image& picture, Random& random) {
  const double zoom = std::exp(random.uniform(std::log(kLeastZoom), std::log(kMostZoom)));
  const int width = std::max(16, static_cast<int>(picture.width_px / zoom));
  const int height = std::max(16, static_cast<int>(picture.height_px / zoom));
  const double x = random.uniform() * (picture.width_px - width);
  const double y = random.uniform() * (picture.height_px - height);
  return {static_cast<int>(std::floor(x)), static_cast<int>(std::floor(y)), width, height};
}

std::vector<smear::CellBox> cut_cells(const std::vector<smear::CellBox>& cells,
                                      const image::Box& cut) {
  std::vector<smear::CellBox> result;
  for (smear::CellBox cell : cells) {
    const double area = cell.width * cell.height;
    const double right = std::min<double>(cut.width, cell.x + cell.width - cut.x);
    const double bottom = std::min<double>(cut.height, cell.y + cell.height - cut.y);
    cell.x = std::max(0.0, cell.x - cut.x);
    cell.y = std::max(0.0, cell.y - cut.y);
    cell.width = right - cell.x;
    cell.height = bottom - cell.y;
    if (cell.width <= 0 || cell.height <= 0) continue;
    if (cell.width * cell.height >= kLeastSeen * area) result.push_back(cell);
  }
  return result;
}

void mirror(View& view) {
  for (int y = 0; y < view.picture.height_px; ++y) {
    for (int x = 0; x < view.picture.width_px / 2; ++x) {
      const auto left = view.picture.at(x, y);
      const auto right = view.picture.at(view.picture.width_px - 1 - x, y);
      std::swap_ranges(left.begin(), left.end(), right.begin());
    }
  }
  for (auto& cell : view.cells) cell.x = view.picture.width_px - cell.x - cell.width;
}

void transpose(View& view) {
  image::Image turned(view.picture.height_px, view.picture.width_px);
  for (int y = 0; y < view.picture.height_px; ++y) {
    for (int x = 0; x < view.picture.width_px; ++x) {
      const auto from = view.picture.at(x, y);
      std::copy(from.begin(), from.end(), turned.at(y, x).begin());
    }
  }
  view.picture = std::move(turned);
  for (auto& cell : view.cells) {
    std::swap(cell.x, cell.y);
    std::swap(cell.width, cell.height);
  }
}

using Curve = std::array<std::uint8_t, 256>;

Curve random_curve(double gain, double gamma, Random& random) {
  const double own_gain = gain * std::exp(0.08 * random.normal());
  const double own_gamma = gamma * std::exp(0.15 * random.normal());
  Curve curve{};
  for (std::size_t v = 0; v < curve.size(); ++v) {
    const double value = own_gain * std::pow(static_cast<double>(v) / 255, own_gamma);
    curve[v] = static_cast<std::uint8_t>(std::lround(255 * std::clamp(value, 0.0, 1.0)));
  }
  return curve;
}

// Other stains, lamps and cameras: a curve for each channel; now and then no colour at all.
void recolour(image::Image& picture, Random& random) {
  const double gain = random.uniform(0.7, 1.15);
  const double gamma = std::exp(0.25 * random.normal());
  std::array<Curve, 3> curves{};
  for (auto& curve : curves) curve = random_curve(gain, gamma, random);
  const bool is_grey = random.chance(kGreyChance);
  for (std::size_t i = 0; i < picture.rgb.size(); i += 3) {
    for (std::size_t c = 0; c < 3; ++c) picture.rgb[i + c] = curves[c][picture.rgb[i + c]];
    if (!is_grey) continue;
    const int mean = (picture.rgb[i] + 2 * picture.rgb[i + 1] + picture.rgb[i + 2]) / 4;
    for (std::size_t c = 0; c < 3; ++c) picture.rgb[i + c] = static_cast<std::uint8_t>(mean);
  }
}

void blur(image::Image& picture, Random& random) {
  const double by = random.uniform(1.3, 3.0);
  const int width = std::max(8, static_cast<int>(picture.width_px / by));
  const int height = std::max(8, static_cast<int>(picture.height_px / by));
  picture = image::resize(image::resize(picture, width, height, image::Interpolation::area),
                          picture.width_px, picture.height_px, image::Interpolation::bilinear);
}

}  // namespace

View random_view(const Field& field, Random random) {
  const auto cut = random_cut(field.picture, random);
  View view{field.picture, cut_cells(field.cells, cut)};
  // Black beyond the field stays black: it is recoloured before it is framed.
  recolour(view.picture, random);
  view.picture = image::crop(view.picture, cut, {0, 0, 0});
  if (random.chance(kBlurChance)) blur(view.picture, random);
  if (random.chance(0.5)) mirror(view);
  if (random.chance(0.5)) transpose(view);
  if (random.chance(0.5)) mirror(view);
  return view;
}

std::vector<smear::CellBox> in_input(std::vector<smear::CellBox> cells, int width_px, int height_px,
                                     const image::Preprocessing& preprocessing) {
  const auto place = image::letterbox_place(width_px, height_px, preprocessing);
  const double scale_x = static_cast<double>(place.width) / width_px;
  const double scale_y = static_cast<double>(place.height) / height_px;
  for (auto& cell : cells) {
    cell.x = cell.x * scale_x + place.x;
    cell.y = cell.y * scale_y + place.y;
    cell.width *= scale_x;
    cell.height *= scale_y;
  }
  return cells;
}

View mosaic_of(const std::array<View, 4>& views, const image::Preprocessing& p) {
  View mosaic{image::Image(2 * p.width_px, 2 * p.height_px), {}};
  for (std::size_t i = 0; i < views.size(); ++i) {
    const int left = i % 2 == 0 ? 0 : p.width_px;
    const int top = i < 2 ? 0 : p.height_px;
    const auto part = image::whole_frame(views[i].picture, p);
    for (int y = 0; y < p.height_px; ++y) {
      const auto from = part.at(0, y);
      std::copy_n(from.begin(), 3 * static_cast<std::size_t>(p.width_px),
                  mosaic.picture.at(left, top + y).begin());
    }
    for (auto cell :
         in_input(views[i].cells, views[i].picture.width_px, views[i].picture.height_px, p)) {
      cell.x += left;
      cell.y += top;
      mosaic.cells.push_back(cell);
    }
  }
  return mosaic;
}

}  // namespace bloodcell::train
