#include "value_range.hpp"

#include <algorithm>

namespace bloodcell::predict {

void ValueRange::widen(std::span<const float> values) {
  for (const float value : values) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
}

void ValueHistogram::add(std::span<const float> values) {
  const float width = range_.high - range_.low;
  if (!(width > 0)) return;
  const float bins_each = static_cast<float>(kBins) / width;
  for (const float value : values) {
    if (value == 0) continue;
    const auto bin = static_cast<std::size_t>(std::max(0.0F, (value - range_.low) * bins_each));
    ++counts_[std::min(bin, kBins - 1)];
  }
}

double ValueHistogram::error_of(const ValueRange& kept) const {
  const double step = (static_cast<double>(kept.high) - kept.low) / 255;
  const double of_rounding = step * step / 12;
  const double bin = (static_cast<double>(range_.high) - range_.low) / kBins;
  double error = 0;
  for (std::size_t i = 0; i < kBins; ++i) {
    if (counts_[i] == 0) continue;
    const double value = range_.low + (static_cast<double>(i) + 0.5) * bin;
    const double cut = std::max({0.0, value - kept.high, kept.low - value});
    error += static_cast<double>(counts_[i]) * (cut > 0 ? cut * cut : of_rounding);
  }
  return error;
}

ValueRange ValueHistogram::least_error() const {
  constexpr int kCandidates = 45;  // 1, 0.98 … 0.12
  ValueRange best = range_;
  double least = error_of(best);
  for (int i = 1; i < kCandidates; ++i) {
    const float factor = 1 - 0.02F * static_cast<float>(i);
    const ValueRange kept{range_.low * factor, range_.high * factor};
    const double error = error_of(kept);
    if (error >= least) continue;
    least = error;
    best = kept;
  }
  return best;
}

}  // namespace bloodcell::predict
