#include <bloodcell/smear/nucleus.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <optional>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace bloodcell::smear {

namespace {

constexpr std::array<float, 3> kShare{1.0F, 1.0F, -0.5F};  // of the density of red, green, blue
constexpr double kSeenPart = 0.9;  // of the box's half sides: the ellipse whose pixels are classed
constexpr double kTakenPart = 0.95;  // … in which nucleus may lie
constexpr double kTwoShades = 1.8;   // the darker step to the paler: below it both are nucleus
constexpr double kLeastPiece = 0.1;  // of the largest piece
constexpr double kBlurPx = 0.7;
constexpr int kLeastSidePx = 6;
constexpr std::size_t kBins = 256;

image::Box place_of(const image::Image& picture, const CellBox& cell) {
  const image::Box box = whole_pixels(cell);
  const int left = std::clamp(box.x, 0, picture.width_px);
  const int top = std::clamp(box.y, 0, picture.height_px);
  const int right = std::clamp(box.x + box.width, 0, picture.width_px);
  const int bottom = std::clamp(box.y + box.height, 0, picture.height_px);
  return {left, top, right - left, bottom - top};
}

// What the ground's light would add is the same everywhere: no threshold depends on it.
std::array<std::array<float, 256>, 3> density_tables() {
  std::array<std::array<float, 256>, 3> tables{};
  for (std::size_t c = 0; c < tables.size(); ++c) {
    for (std::size_t v = 0; v < 256; ++v) {
      tables[c][v] = -kShare[c] * std::log10(static_cast<float>(std::max<std::size_t>(v, 1)));
    }
  }
  return tables;
}

cv::Mat density_of(const image::Image& picture, const image::Box& place) {
  static const auto tables = density_tables();
  cv::Mat density(place.height, place.width, CV_32F);
  for (int y = 0; y < place.height; ++y) {
    auto* row = density.ptr<float>(y);
    for (int x = 0; x < place.width; ++x) {
      const auto pixel = picture.at(place.x + x, place.y + y);
      row[x] = tables[0][pixel[0]] + tables[1][pixel[1]] + tables[2][pixel[2]];
    }
  }
  cv::GaussianBlur(density, density, {}, kBlurPx);
  return density;
}

// 255 within the ellipse whose half axes are `part` of the sides of the box.
cv::Mat ellipse_of(const CellBox& cell, const image::Box& place, double part) {
  cv::Mat inside = cv::Mat::zeros(place.height, place.width, CV_8U);
  const double half_width = part * cell.width / 2;
  const double half_height = part * cell.height / 2;
  for (int y = 0; y < place.height; ++y) {
    const double v = (place.y + y + 0.5 - cell.y - cell.height / 2) / half_height;
    for (int x = 0; x < place.width; ++x) {
      const double u = (place.x + x + 0.5 - cell.x - cell.width / 2) / half_width;
      if (u * u + v * v <= 1) inside.at<std::uint8_t>(y, x) = 255;
    }
  }
  return inside;
}

struct Cumulative {
  double count = 0;
  double sum = 0;
};

double between(const Cumulative& low, const Cumulative& high) {
  const double count = high.count - low.count;
  const double sum = high.sum - low.sum;
  return count > 0 ? sum * sum / count : 0;
}

double mean_between(const Cumulative& low, const Cumulative& high) {
  return (high.sum - low.sum) / std::max(1.0, high.count - low.count);
}

// The density from which on a pixel is nucleus. Nothing when all are alike.
std::optional<float> threshold_of(const cv::Mat& density, const cv::Mat& inside) {
  double least = 0;
  double most = 0;
  cv::minMaxLoc(density, &least, &most, nullptr, nullptr, inside);
  if (!(most - least > 1e-6)) return std::nullopt;
  const double bins_a_unit = kBins / (most - least);
  std::array<Cumulative, kBins + 1> below{};  // of the bins before this one
  for (int y = 0; y < density.rows; ++y) {
    for (int x = 0; x < density.cols; ++x) {
      if (inside.at<std::uint8_t>(y, x) == 0) continue;
      const auto bin = static_cast<std::size_t>((density.at<float>(y, x) - least) * bins_a_unit);
      below[std::min(bin, kBins - 1) + 1].count += 1;
    }
  }
  for (std::size_t i = 1; i <= kBins; ++i) {
    below[i].sum = below[i - 1].sum + below[i].count * (static_cast<double>(i) - 0.5);
    below[i].count += below[i - 1].count;
  }
  std::array<std::size_t, 2> best{1, 2};
  double best_spread = -1;
  for (std::size_t i = 1; i + 1 < kBins; ++i) {
    const double pale = between(below[0], below[i]);
    for (std::size_t j = i + 1; j < kBins; ++j) {
      const double spread = pale + between(below[i], below[j]) + between(below[j], below[kBins]);
      if (spread <= best_spread) continue;
      best_spread = spread;
      best = {i, j};
    }
  }
  const double pale = mean_between(below[0], below[best[0]]);
  const double middle = mean_between(below[best[0]], below[best[1]]);
  const double dark = mean_between(below[best[1]], below[kBins]);
  const bool is_two_shades = dark - middle < kTwoShades * (middle - pale);
  return static_cast<float>(least + static_cast<double>(best[is_two_shades ? 0 : 1]) / bins_a_unit);
}

void drop_small_pieces(cv::Mat& mask) {
  cv::Mat piece_of;
  cv::Mat figures;
  cv::Mat middles;
  const int pieces = cv::connectedComponentsWithStats(mask, piece_of, figures, middles, 8);
  int largest = 0;
  for (int i = 1; i < pieces; ++i)
    largest = std::max(largest, figures.at<int>(i, cv::CC_STAT_AREA));
  for (int y = 0; y < mask.rows; ++y) {
    for (int x = 0; x < mask.cols; ++x) {
      const int piece = piece_of.at<int>(y, x);
      if (piece != 0 && figures.at<int>(piece, cv::CC_STAT_AREA) < kLeastPiece * largest) {
        mask.at<std::uint8_t>(y, x) = 0;
      }
    }
  }
}

// What cannot be reached from outside is filled.
void fill_holes(cv::Mat& mask) {
  cv::Mat framed;
  cv::copyMakeBorder(mask, framed, 1, 1, 1, 1, cv::BORDER_CONSTANT, 0);
  constexpr int kOutside = 2;
  cv::floodFill(framed, {0, 0}, kOutside);
  mask = framed(cv::Rect(1, 1, mask.cols, mask.rows)) != kOutside;
}

}  // namespace

bool Nucleus::has(int x, int y) const {
  const int column = x - place.x;
  const int row = y - place.y;
  if (column < 0 || row < 0 || column >= place.width || row >= place.height) return false;
  return mask[static_cast<std::size_t>(row) * static_cast<std::size_t>(place.width) +
              static_cast<std::size_t>(column)] != 0;
}

Nucleus find_nucleus(const image::Image& picture, const CellBox& cell) {
  Nucleus nucleus;
  nucleus.place = place_of(picture, cell);
  const auto& place = nucleus.place;
  nucleus.mask.assign(
      static_cast<std::size_t>(place.width) * static_cast<std::size_t>(place.height), 0);
  if (place.width < kLeastSidePx || place.height < kLeastSidePx) return nucleus;
  const cv::Mat density = density_of(picture, place);
  const auto threshold = threshold_of(density, ellipse_of(cell, place, kSeenPart));
  if (!threshold) return nucleus;
  cv::Mat mask = (density > *threshold) & ellipse_of(cell, place, kTakenPart);
  cv::morphologyEx(mask, mask, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_CROSS, {3, 3}));
  drop_small_pieces(mask);
  fill_holes(mask);
  std::transform(mask.begin<std::uint8_t>(), mask.end<std::uint8_t>(), nucleus.mask.begin(),
                 [](std::uint8_t value) { return value == 0 ? 0 : 1; });
  nucleus.area_px = std::count(nucleus.mask.begin(), nucleus.mask.end(), 1);
  return nucleus;
}

double dice_of(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  assert(a.size() == b.size());
  std::int64_t both = 0;
  std::int64_t of_a = 0;
  std::int64_t of_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    of_a += a[i] != 0 ? 1 : 0;
    of_b += b[i] != 0 ? 1 : 0;
    both += a[i] != 0 && b[i] != 0 ? 1 : 0;
  }
  if (of_a + of_b == 0) return 1;
  return 2 * static_cast<double>(both) / static_cast<double>(of_a + of_b);
}

std::vector<int> run_lengths(std::span<const std::uint8_t> mask, int width) {
  std::vector<int> lengths;
  if (width <= 0) return lengths;
  const auto columns = static_cast<std::size_t>(width);
  bool last = false;
  int length = 0;
  for (std::size_t x = 0; x < columns; ++x) {
    for (std::size_t i = x; i < mask.size(); i += columns) {
      if ((mask[i] != 0) != last) {
        lengths.push_back(length);
        length = 0;
        last = !last;
      }
      ++length;
    }
  }
  lengths.push_back(length);
  return lengths;
}

}  // namespace bloodcell::smear
