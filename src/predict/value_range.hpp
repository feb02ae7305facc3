// The range of values that 256 steps should span.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bloodcell::predict {

struct ValueRange {
  float low = 0;
  float high = 0;

  void widen(std::span<const float> values);
};

// Values counted in equal bins of a range that holds them all. Zeros, which any range keeps
// exactly, are left out.
class ValueHistogram {
 public:
  explicit ValueHistogram(const ValueRange& range) : range_(range), counts_(kBins) {}

  void add(std::span<const float> values);

  // The range, shrunk towards 0 by one factor, whose 256 steps and cut ends make the least squared
  // error.
  [[nodiscard]] ValueRange least_error() const;

 private:
  static constexpr std::size_t kBins = 2048;

  [[nodiscard]] double error_of(const ValueRange& kept) const;

  ValueRange range_;
  std::vector<std::uint64_t> counts_;
};

}  // namespace bloodcell::predict
