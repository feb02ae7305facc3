#include "parzen.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>

#include "normal.hpp"

namespace bloodcell::tune {
namespace {

constexpr double kLogRootTwoPi = 0.91893853320467274178;
// No kernel is narrower than the range / min(100, (1 + kernels)^1.2). The power is 1 in Bergstra's
// and Optuna's; Watanabe 2023 tells of larger ones. Measured: docs/tuning.md.
constexpr double kMostNarrow = 100;
constexpr double kClipPower = 1.2;
constexpr double kFarAway = -8.5;    // less than 1e-17 of a normal lies below
constexpr double kNegligible = -40;  // e^-40 of the largest term changes no digit

// The wider of the gaps to a kernel's neighbours; at the ends the one gap there is. One kernel
// alone reaches to the farther end of the range.
std::vector<double> widths_of(const std::vector<double>& means, double low, double high) {
  const std::size_t count = means.size();
  std::vector<double> widths(count);
  if (count == 1) {
    widths[0] = std::max(means[0] - low, high - means[0]);
    return widths;
  }
  std::vector<std::pair<double, std::uint32_t>> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = {means[i], static_cast<std::uint32_t>(i)};
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < count; ++i) {
    const double left = i > 0 ? order[i].first - order[i - 1].first : 0;
    const double right = i + 1 < count ? order[i + 1].first - order[i].first : 0;
    widths[order[i].second] = std::max(left, right);
  }
  return widths;
}

double position_in(const Interval& interval, double inner) {
  const double point = interval.log ? std::log(inner) : inner;
  return std::clamp(point, interval.low, interval.high);
}

}  // namespace

Parzen::Parzen(std::span<const Distribution> space, const Points& observations,
               std::span<const double> weights, const ParzenOptions& options)
    : kernels_(observations.rows() + 1), weight_(weights.begin(), weights.end()) {
  weight_.push_back(kernels_ == 1 ? 1 : options.prior_weight);
  const double sum = std::accumulate(weight_.begin(), weight_.end(), 0.0);
  for (double& weight : weight_) weight /= sum;
  cumulative_.resize(kernels_);
  std::partial_sum(weight_.begin(), weight_.end(), cumulative_.begin());
  for (std::size_t d = 0; d < space.size(); ++d) {
    Dimension dimension{space[d], interval_of(space[d]), {}, {}, 0, 0};
    dimension.mean.reserve(kernels_);
    for (std::size_t i = 0; i < observations.rows(); ++i)
      dimension.mean.push_back(observations.row(i)[d]);
    if (choice_count(space[d]) > 0) {
      add_choices(dimension, options);
    } else {
      add_range(dimension, options);
    }
    dimensions_.push_back(std::move(dimension));
  }
}

void Parzen::add_range(Dimension& dimension, const ParzenOptions& options) const {
  const Interval& interval = dimension.interval;
  const double range = interval.high - interval.low;
  for (double& mean : dimension.mean) mean = position_in(interval, mean);
  if (!dimension.mean.empty())
    dimension.width = widths_of(dimension.mean, interval.low, interval.high);
  const double kernels = 1 + static_cast<double>(kernels_);
  const double least =
      range / (options.magic_clip ? std::min(kMostNarrow, std::pow(kernels, kClipPower)) : 1e12);
  for (double& width : dimension.width) width = std::clamp(width, least, range);
  dimension.mean.push_back((interval.low + interval.high) / 2);
  dimension.width.push_back(range);
}

void Parzen::add_choices(Dimension& dimension, const ParzenOptions& options) const {
  const auto choices = static_cast<double>(choice_count(dimension.distribution));
  const double share = options.prior_weight / static_cast<double>(kernels_);
  dimension.log_hit = std::log((1 + share) / (1 + choices * share));
  dimension.log_miss = std::log(share / (1 + choices * share));
  dimension.mean.push_back(-1);
}

std::vector<double> Parzen::sample(Random& random) const {
  const double u = random.uniform() * cumulative_.back();
  const auto found = std::ranges::upper_bound(cumulative_, u);
  const auto kernel = std::min(static_cast<std::size_t>(found - cumulative_.begin()), kernels_ - 1);
  std::vector<double> point;
  point.reserve(dimensions_.size());
  for (const auto& dimension : dimensions_) {
    const double quantile = random.uniform();
    if (const std::size_t choices = choice_count(dimension.distribution); choices > 0) {
      const double own = std::exp(dimension.log_hit) - std::exp(dimension.log_miss);
      const bool is_own = dimension.mean[kernel] >= 0 && quantile < own;
      point.push_back(is_own ? dimension.mean[kernel] : static_cast<double>(random.below(choices)));
      continue;
    }
    const double mean = dimension.mean[kernel];
    const double width = dimension.width[kernel];
    const double low = normal_cdf((dimension.interval.low - mean) / width);
    const double high = normal_cdf((dimension.interval.high - mean) / width);
    const double p = std::clamp(low + quantile * (high - low), 1e-300, 1 - 1e-16);
    point.push_back(snapped(dimension.distribution, mean + width * normal_quantile(p)));
  }
  return point;
}

void Parzen::add_continuous(const Dimension& dimension, std::span<const double> points,
                            std::span<double> sums) const {
  std::vector<double> inverse(kernels_);
  std::vector<double> constant(kernels_);
  for (std::size_t k = 0; k < kernels_; ++k) {
    inverse[k] = 1 / dimension.width[k];
    const double low = (dimension.interval.low - dimension.mean[k]) * inverse[k];
    const double high = (dimension.interval.high - dimension.mean[k]) * inverse[k];
    // The mean lies inside, so that no digits are lost; most kernels lie far from both ends.
    const double below = low < kFarAway ? 0 : normal_cdf(low);
    const double above = -high < kFarAway ? 0 : normal_cdf(-high);
    constant[k] = std::log(inverse[k] / (1 - below - above)) - kLogRootTwoPi;
  }
  for (std::size_t c = 0; c < points.size(); ++c) {
    const double x = position_in(dimension.interval, points[c]);
    double* const sum = &sums[c * kernels_];
    for (std::size_t k = 0; k < kernels_; ++k) {
      const double z = (x - dimension.mean[k]) * inverse[k];
      sum[k] += constant[k] - 0.5 * z * z;
    }
  }
}

void Parzen::add_stepped(const Dimension& dimension, std::span<const double> points,
                         std::span<double> sums) const {
  // Few kernels and few points differ: each pair of them is worked out once.
  std::vector<std::uint32_t> order(kernels_);
  std::iota(order.begin(), order.end(), 0U);
  const auto key = [&](std::uint32_t k) {
    return std::pair(dimension.mean[k], dimension.width[k]);
  };
  std::ranges::sort(order, {}, key);
  std::vector<double> distinct(points.begin(), points.end());
  std::ranges::sort(distinct);
  distinct.erase(std::ranges::unique(distinct).begin(), distinct.end());
  const Interval& interval = dimension.interval;
  std::vector<double> terms(kernels_);
  for (const double point : distinct) {
    const double left = point - interval.step / 2;
    const double right = point + interval.step / 2;
    const double low = interval.log ? std::log(left) : left;
    const double high = interval.log ? std::log(right) : right;
    for (std::size_t i = 0; i < kernels_; ++i) {
      const std::uint32_t k = order[i];
      const double mean = dimension.mean[k];
      const double width = dimension.width[k];
      terms[k] =
          i > 0 && key(k) == key(order[i - 1])
              ? terms[order[i - 1]]
              : log_normal_mass((low - mean) / width, (high - mean) / width) -
                    log_normal_mass((interval.low - mean) / width, (interval.high - mean) / width);
    }
    for (std::size_t c = 0; c < points.size(); ++c) {
      if (points[c] != point) continue;
      for (std::size_t k = 0; k < kernels_; ++k) sums[c * kernels_ + k] += terms[k];
    }
  }
}

void Parzen::add_categorical(const Dimension& dimension, std::span<const double> points,
                             std::span<double> sums) const {
  const double log_prior = -std::log(static_cast<double>(choice_count(dimension.distribution)));
  for (std::size_t c = 0; c < points.size(); ++c) {
    double* const sum = &sums[c * kernels_];
    for (std::size_t k = 0; k + 1 < kernels_; ++k)
      sum[k] += dimension.mean[k] == points[c] ? dimension.log_hit : dimension.log_miss;
    sum[kernels_ - 1] += log_prior;
  }
}

std::vector<double> Parzen::log_density(const Points& points) const {
  const std::size_t count = points.rows();
  std::vector<double> sums(count * kernels_);
  std::vector<double> column(count);
  for (std::size_t k = 0; k < kernels_; ++k) {
    const double log_weight = std::log(weight_[k]);
    for (std::size_t c = 0; c < count; ++c) sums[c * kernels_ + k] = log_weight;
  }
  for (std::size_t d = 0; d < dimensions_.size(); ++d) {
    for (std::size_t c = 0; c < count; ++c) column[c] = points.row(c)[d];
    const Dimension& dimension = dimensions_[d];
    if (choice_count(dimension.distribution) > 0) {
      add_categorical(dimension, column, sums);
    } else if (dimension.interval.step > 0) {
      add_stepped(dimension, column, sums);
    } else {
      add_continuous(dimension, column, sums);
    }
  }
  std::vector<double> density(count);
  for (std::size_t c = 0; c < count; ++c) {
    const auto row = std::span(sums).subspan(c * kernels_, kernels_);
    const double largest = *std::ranges::max_element(row);
    double sum = 0;
    for (const double term : row) {
      if (term - largest > kNegligible) sum += std::exp(term - largest);
    }
    density[c] = largest + std::log(sum);
  }
  return density;
}

}  // namespace bloodcell::tune
