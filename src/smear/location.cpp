#include <bloodcell/smear/location.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace bloodcell::smear {

namespace {

constexpr std::size_t kMostCells = 4096;
constexpr double kSameCell = 0.5;      // overlap
constexpr double kCentreShare = 0.12;  // deviation of a centre's hill, of the box's side
constexpr double kLeastDeviation = 0.5;
constexpr double kBoxReach = 1.5;     // in map pixels: as far the box is learned around a centre
constexpr double kLogitSlack = 1e-3;  // spares the exact score of what is surely less
constexpr double kLongestLog = 6;     // e^6 strides: larger than any input

struct Place {
  double x = 0;  // in map pixels, of their middles
  double y = 0;
};

Place place_of(const CellBox& cell, const MapSize& size) {
  return {(cell.x + cell.width / 2) / size.stride_px - 0.5,
          (cell.y + cell.height / 2) / size.stride_px - 0.5};
}

class Drawing {
 public:
  Drawing(const MapSize& size, Targets& targets) : size_(size), targets_(targets) {}

  void add(const CellBox& cell) {
    const Place centre = place_of(cell, size_);
    const int row = static_cast<int>(std::lround(centre.y));
    const int column = static_cast<int>(std::lround(centre.x));
    const bool inside = row >= 0 && row < size_.rows && column >= 0 && column < size_.columns;
    if (!(cell.width > 0 && cell.height > 0) || !inside) return;
    const double dev_x = std::max(kLeastDeviation, kCentreShare * cell.width / size_.stride_px);
    const double dev_y = std::max(kLeastDeviation, kCentreShare * cell.height / size_.stride_px);
    const int reach = static_cast<int>(std::ceil(3 * std::max(dev_x, dev_y)));
    float* hill = targets_.centres.data() + static_cast<std::size_t>(cell.kind) * size_.places();
    for (int y = std::max(0, row - reach); y <= std::min(size_.rows - 1, row + reach); ++y) {
      for (int x = std::max(0, column - reach); x <= std::min(size_.columns - 1, column + reach);
           ++x) {
        const double off_x = (x - column) / dev_x;
        const double off_y = (y - row) / dev_y;
        const auto height = static_cast<float>(std::exp(-0.5 * (off_x * off_x + off_y * off_y)));
        float& value = hill[at(x, y)];
        value = std::max(value, height);
        draw_box(cell, centre, x, y);
      }
    }
    hill[at(column, row)] = 1;
  }

 private:
  [[nodiscard]] std::size_t at(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(size_.columns) +
           static_cast<std::size_t>(x);
  }

  // Where two cells are near, the nearer centre's box is learned.
  void draw_box(const CellBox& cell, const Place& centre, int x, int y) {
    const double distance = std::hypot(x - centre.x, y - centre.y);
    if (distance > kBoxReach) return;
    const auto weight = static_cast<float>(1 - 0.5 * distance / kBoxReach);
    const std::size_t place = at(x, y);
    if (weight <= targets_.box_weight[place]) return;
    targets_.box_weight[place] = weight;
    const std::array<double, kBoxMaps> values{centre.x - x, centre.y - y,
                                              std::log(cell.width / size_.stride_px),
                                              std::log(cell.height / size_.stride_px)};
    for (std::size_t i = 0; i < kBoxMaps; ++i) {
      targets_.boxes[i * size_.places() + place] = static_cast<float>(values[i]);
    }
  }

  const MapSize& size_;
  Targets& targets_;
};

double probability_of(float logit) { return 1 / (1 + std::exp(-static_cast<double>(logit))); }

// What probability_of() turns into `score`; without end for 0 and 1.
double logit_of(double score) { return std::log(score / (1 - score)); }

bool is_peak(const float* map, const MapSize& size, int x, int y) {
  const float value = map[y * size.columns + x];
  for (int v = std::max(0, y - 1); v <= std::min(size.rows - 1, y + 1); ++v) {
    for (int u = std::max(0, x - 1); u <= std::min(size.columns - 1, x + 1); ++u) {
      const float other = map[v * size.columns + u];
      const bool comes_first = v < y || (v == y && u < x);
      if (other > value || (other == value && comes_first)) return false;
    }
  }
  return true;
}

CellBox box_at(std::span<const float> maps, const MapSize& size, Kind kind, int x, int y) {
  const auto place = static_cast<std::size_t>(y * size.columns + x);
  const auto value = [&](std::size_t map) {
    return std::clamp(static_cast<double>(maps[(kKinds + map) * size.places() + place]),
                      -kLongestLog, kLongestLog);
  };
  CellBox cell{.kind = kind};
  cell.width = std::exp(value(2)) * size.stride_px;
  cell.height = std::exp(value(3)) * size.stride_px;
  cell.x = (x + 0.5 + value(0)) * size.stride_px - cell.width / 2;
  cell.y = (y + 0.5 + value(1)) * size.stride_px - cell.height / 2;
  cell.score = probability_of(maps[static_cast<std::size_t>(kind) * size.places() + place]);
  return cell;
}

}  // namespace

Targets targets_of(std::span<const CellBox> cells, const MapSize& size) {
  Targets targets;
  targets.centres.assign(kKinds * size.places(), 0);
  targets.boxes.assign(kBoxMaps * size.places(), 0);
  targets.box_weight.assign(size.places(), 0);
  Drawing drawing(size, targets);
  for (const auto& cell : cells) drawing.add(cell);
  return targets;
}

std::vector<CellBox> cells_of(std::span<const float> maps, const MapSize& size,
                              const std::array<double, kKinds>& min_score) {
  assert(maps.size() == (kKinds + kBoxMaps) * size.places());
  std::vector<CellBox> peaks;
  for (std::size_t k = 0; k < kKinds; ++k) {
    const float* map = maps.data() + k * size.places();
    const auto surely_less = static_cast<float>(logit_of(min_score[k]) - kLogitSlack);
    for (int y = 0; y < size.rows; ++y) {
      for (int x = 0; x < size.columns; ++x) {
        if (map[y * size.columns + x] < surely_less) continue;
        if (probability_of(map[y * size.columns + x]) < min_score[k]) continue;
        if (is_peak(map, size, x, y)) {
          peaks.push_back(box_at(maps, size, static_cast<Kind>(k), x, y));
        }
      }
    }
  }
  std::stable_sort(peaks.begin(), peaks.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  std::vector<CellBox> cells;
  for (const auto& peak : peaks) {
    const bool is_known = std::any_of(cells.begin(), cells.end(), [&](const auto& other) {
      return other.kind == peak.kind && overlap_of(other, peak) > kSameCell;
    });
    if (!is_known) cells.push_back(peak);
    if (cells.size() == kMostCells) break;
  }
  return cells;
}

}  // namespace bloodcell::smear
