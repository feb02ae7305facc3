#include "families/compare.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace bloodcell::data {
namespace {

constexpr std::size_t kFewestMatches = 6;
constexpr int kManyMatches = 20;
constexpr double kRatio = 0.95;     // best to second-best distance
constexpr float kOtherPlacePx = 5;  // a second-best this near is the same place
constexpr double kProposalPx = 10;  // tolerance of a single pair's similarity
constexpr double kAgreementPx = 4;  // tolerance of the refined map
constexpr int kProposalsRefined = 5;
constexpr int kRefinements = 4;
constexpr double kAngleTolerance = 0.6;  // radians
constexpr double kScaleTolerance = 1.6;
constexpr double kSmallestScale = 0.3;
constexpr double kLargestScale = 3.4;
constexpr double kMostStretch = 1.7;  // longest to shortest axis of the map

struct Pair {
  Keypoint a;
  Keypoint b;
};

struct Nearest {
  std::size_t index = 0;
  std::int32_t likeness = 0;
};

double distance_of(std::int32_t likeness) {
  return std::sqrt(
      2.0 * (static_cast<double>(kSameLikeness) - std::min<double>(likeness, kSameLikeness)) + 1.0);
}

bool is_near(const Keypoint& a, const Keypoint& b, float tolerance_px) {
  const float x = a.x_px - b.x_px;
  const float y = a.y_px - b.y_px;
  return x * x + y * y < tolerance_px * tolerance_px;
}

// Mutual nearest descriptors, nearer than anything elsewhere in b.
std::vector<Pair> matched_pairs(const Fingerprint& a, const Fingerprint& b) {
  const std::size_t rows = a.keypoints.size();
  const std::size_t columns = b.keypoints.size();
  const auto likenesses = likenesses_of(a.descriptors, b.descriptors);
  std::vector<Nearest> of_a(rows);
  std::vector<Nearest> of_b(columns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      const std::int32_t value = likenesses[i * columns + j];
      if (value > of_a[i].likeness) of_a[i] = {j, value};
      if (value > of_b[j].likeness) of_b[j] = {i, value};
    }
  }

  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t j = of_a[i].index;
    if (of_a[i].likeness == 0 || of_b[j].index != i) continue;
    std::int32_t second = 0;
    for (std::size_t k = 0; k < columns; ++k) {
      const std::int32_t value = likenesses[i * columns + k];
      if (value > second && !is_near(b.keypoints[k], b.keypoints[j], kOtherPlacePx)) second = value;
    }
    if (distance_of(of_a[i].likeness) < kRatio * distance_of(second)) {
      pairs.push_back({a.keypoints[i], b.keypoints[j]});
    }
  }
  return pairs;
}

AffineMap similarity_of(const Pair& pair) {
  const double scale = static_cast<double>(pair.b.size_px) / static_cast<double>(pair.a.size_px);
  const double turn = static_cast<double>(pair.b.angle_rad) - static_cast<double>(pair.a.angle_rad);
  const double c = scale * std::cos(turn);
  const double s = scale * std::sin(turn);
  return {c, -s, pair.b.x_px - c * pair.a.x_px + s * pair.a.y_px,
          s, c,  pair.b.y_px - s * pair.a.x_px - c * pair.a.y_px};
}

bool is_carried(const AffineMap& map, const Pair& pair, double tolerance_px) {
  const double x = map[0] * pair.a.x_px + map[1] * pair.a.y_px + map[2] - pair.b.x_px;
  const double y = map[3] * pair.a.x_px + map[4] * pair.a.y_px + map[5] - pair.b.y_px;
  return x * x + y * y < tolerance_px * tolerance_px;
}

bool has_same_pose(const AffineMap& map, const Pair& pair) {
  const double turn = std::atan2(map[3] - map[1], map[0] + map[4]);
  const double scale = std::sqrt(std::max(1e-12, map[0] * map[4] - map[1] * map[3]));
  const double off =
      std::remainder(pair.b.angle_rad - pair.a.angle_rad - turn, 2 * std::numbers::pi);
  const double ratio = pair.b.size_px / pair.a.size_px / scale;
  return std::abs(off) < kAngleTolerance && ratio < kScaleTolerance && ratio > 1 / kScaleTolerance;
}

std::vector<std::size_t> agreeing_pairs(const AffineMap& map, const std::vector<Pair>& pairs,
                                        double tolerance_px) {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (is_carried(map, pairs[i], tolerance_px) && has_same_pose(map, pairs[i]))
      result.push_back(i);
  }
  return result;
}

// Keypoints of one place count once: SIFT gives a corner with two orientations two keypoints.
int count_places(const std::vector<Pair>& pairs, const std::vector<std::size_t>& chosen) {
  std::vector<std::size_t> places;
  for (const std::size_t i : chosen) {
    const bool is_known = std::any_of(places.begin(), places.end(), [&](std::size_t j) {
      return is_near(pairs[i].a, pairs[j].a, 2) || is_near(pairs[i].b, pairs[j].b, 2);
    });
    if (!is_known) places.push_back(i);
  }
  return static_cast<int>(places.size());
}

// Least squares. With three pairs or more on no line; otherwise nothing.
std::optional<AffineMap> fitted_map(const std::vector<Pair>& pairs,
                                    const std::vector<std::size_t>& chosen) {
  if (chosen.size() < 3) return std::nullopt;
  cv::Matx33d normal = cv::Matx33d::zeros();
  cv::Matx<double, 3, 2> right = cv::Matx<double, 3, 2>::zeros();
  for (const std::size_t i : chosen) {
    const double from[3] = {pairs[i].a.x_px - 160.0, pairs[i].a.y_px - 120.0, 1.0};
    for (int r = 0; r < 3; ++r) {
      for (int c = 0; c < 3; ++c) normal(r, c) += from[r] * from[c];
      right(r, 0) += from[r] * pairs[i].b.x_px;
      right(r, 1) += from[r] * pairs[i].b.y_px;
    }
  }
  // A little stiffness keeps few or crowded pairs from bending the map.
  if (std::abs(cv::determinant(normal)) < 1e3) return std::nullopt;
  const cv::Matx<double, 3, 2> solved = normal.inv() * right;
  AffineMap map{solved(0, 0), solved(1, 0), solved(2, 0), solved(0, 1), solved(1, 1), solved(2, 1)};
  map[2] -= map[0] * 160.0 + map[1] * 120.0;
  map[5] -= map[3] * 160.0 + map[4] * 120.0;
  return map;
}

bool is_plausible(const AffineMap& map) {
  const double determinant = map[0] * map[4] - map[1] * map[3];
  if (determinant <= 0) return false;
  const double squares = map[0] * map[0] + map[1] * map[1] + map[3] * map[3] + map[4] * map[4];
  const double root = std::sqrt(std::max(0.0, squares * squares / 4 - determinant * determinant));
  const double longest = std::sqrt(squares / 2 + root);
  const double shortest = determinant / longest;
  return longest / shortest < kMostStretch && shortest > kSmallestScale && longest < kLargestScale;
}

struct Fit {
  AffineMap map{};
  int agreeing = 0;
};

Fit refined(AffineMap map, const std::vector<Pair>& pairs) {
  Fit best;
  double tolerance_px = kProposalPx;
  for (int step = 0; step < kRefinements; ++step) {
    const auto next = fitted_map(pairs, agreeing_pairs(map, pairs, tolerance_px));
    if (!next || !is_plausible(*next)) break;
    map = *next;
    tolerance_px = std::max(kAgreementPx, tolerance_px * 0.7);
    const int agreeing = count_places(pairs, agreeing_pairs(map, pairs, kAgreementPx));
    if (agreeing > best.agreeing) best = {map, agreeing};
  }
  return best;
}

Fit best_fit(const std::vector<Pair>& pairs) {
  std::vector<std::pair<std::size_t, std::size_t>> proposals;  // agreeing, pair
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto map = similarity_of(pairs[i]);
    if (!is_plausible(map)) continue;
    proposals.emplace_back(agreeing_pairs(map, pairs, kProposalPx).size(), i);
  }
  std::stable_sort(proposals.begin(), proposals.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  if (proposals.size() > kProposalsRefined) proposals.resize(kProposalsRefined);
  Fit best;
  for (const auto& [agreeing, i] : proposals) {
    if (agreeing < kFewestMatches) break;
    const Fit fit = refined(similarity_of(pairs[i]), pairs);
    if (fit.agreeing > best.agreeing) best = fit;
  }
  return best;
}

AffineMap inverse(const AffineMap& m) {
  const double determinant = m[0] * m[4] - m[1] * m[3];
  const double a = m[4] / determinant;
  const double b = -m[1] / determinant;
  const double c = -m[3] / determinant;
  const double d = m[0] / determinant;
  return {a, b, -a * m[2] - b * m[5], c, d, -c * m[2] - d * m[5]};
}

// Bilinear; negative where any of the four pixels is fill or outside.
double sample(const cv::Mat1b& picture, double x, double y) {
  const int left = static_cast<int>(std::floor(x));
  const int top = static_cast<int>(std::floor(y));
  if (left < 0 || top < 0 || left + 1 >= picture.cols || top + 1 >= picture.rows) return -1;
  const std::uint8_t* upper = picture[top] + left;
  const std::uint8_t* lower = picture[top + 1] + left;
  if (upper[0] == 0 || upper[1] == 0 || lower[0] == 0 || lower[1] == 0) return -1;
  const double fx = x - left;
  const double fy = y - top;
  return (upper[0] * (1 - fx) + upper[1] * fx) * (1 - fy) +
         (lower[0] * (1 - fx) + lower[1] * fx) * fy;
}

// Correlation and common share of the grey details under the map.
void compare_grey(const Fingerprint& a, const Fingerprint& b, Overlap& overlap) {
  const AffineMap to_a = inverse(overlap.a_to_b);
  const double offset = 0.5 * (kGreyStep - 1);  // pixel centres of the two grids
  double n = 0, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (int v = 0; v < b.detail.rows; ++v) {
    for (int u = 0; u < b.detail.cols; ++u) {
      const double in_b = b.detail(v, u);
      if (in_b == 0) continue;
      const double x = u * kGreyStep + offset;
      const double y = v * kGreyStep + offset;
      const double in_a =
          sample(a.detail, (to_a[0] * x + to_a[1] * y + to_a[2] - offset) / kGreyStep,
                 (to_a[3] * x + to_a[4] * y + to_a[5] - offset) / kGreyStep);
      if (in_a < 0) continue;
      n += 1;
      sa += in_a;
      sb += in_b;
      saa += in_a * in_a;
      sbb += in_b * in_b;
      sab += in_a * in_b;
    }
  }
  const double scale = std::abs(to_a[0] * to_a[4] - to_a[1] * to_a[3]);
  const double in_b_px = n;
  const double in_a_px = n * scale;
  overlap.common_share = std::max(in_b_px / std::max(1, cv::countNonZero(b.detail)),
                                  in_a_px / std::max(1, cv::countNonZero(a.detail)));
  const double spread = (n * saa - sa * sa) * (n * sbb - sb * sb);
  overlap.correlation = spread > 0 ? (n * sab - sa * sb) / std::sqrt(spread) : 0;
}

}  // namespace

std::optional<Overlap> overlap_of(const Fingerprint& a, const Fingerprint& b) {
  const auto pairs = matched_pairs(a, b);
  if (pairs.size() < kFewestMatches) return std::nullopt;
  const Fit fit = best_fit(pairs);
  if (fit.agreeing < static_cast<int>(kFewestMatches)) return std::nullopt;
  Overlap overlap{.a_to_b = fit.map, .agreeing = fit.agreeing};
  compare_grey(a, b, overlap);
  return overlap;
}

// Red cells look alike: up to 13 matches and a correlation of 0.74 were seen between different
// made-up fields, under a third of them in common. Of the published copies none lies below 0.85.
bool is_same_field(const Overlap& overlap) {
  const double needed = overlap.agreeing < kManyMatches ? 0.8 : 0.7;
  return overlap.correlation > needed && overlap.common_share > 0.05;
}

}  // namespace bloodcell::data
