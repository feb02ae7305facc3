#include "area_mean.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

namespace bloodcell::image {

namespace {

// How much of a source pixel (or row) goes into one of the result.
struct Share {
  int to = 0;
  int from = 0;
  float weight = 0;
};

constexpr double kNothing = 1e-3;  // of a pixel: as little is left out, as OpenCV does

// In the order of `to`, then `from`; each sum of weights is 1.
std::vector<Share> shares_of(int from_side, int to_side) {
  const double scale = 1 / (static_cast<double>(to_side) / from_side);  // rounded as OpenCV does
  std::vector<Share> shares;
  for (int to = 0; to < to_side; ++to) {
    const double begin = to * scale;
    const double end = begin + scale;
    const double covered = std::min(scale, from_side - begin);
    const int last = std::min(static_cast<int>(std::floor(end)), from_side - 1);
    const int first = std::min(static_cast<int>(std::ceil(begin)), last);
    const auto add = [&](int from, double part) {
      shares.push_back({to, from, static_cast<float>(part / covered)});
    };
    if (first - begin > kNothing) add(first - 1, first - begin);
    for (int from = first; from < last; ++from) add(from, 1.0);
    if (end - last > kNothing) add(last, std::min({end - last, 1.0, covered}));
  }
  return shares;
}

using Four = float __attribute__((vector_size(16)));  // three channels and one to spare

Four four_at(const float* place) {
  Four value;
  std::memcpy(&value, place, sizeof value);
  return value;
}

// `rows` rows of the picture, at most kTogether, brought to the result's width: together, since the
// loop over columns is most of the work. wide and narrow: kTogether rows before and after, each
// with a float to spare at its end.
template <std::size_t kTogether>
void shrink_rows(const std::uint8_t* pixels, std::size_t width, std::size_t rows,
                 const std::vector<Share>& columns, std::vector<float>& wide,
                 std::vector<float>& narrow) {
  const std::size_t values = 3 * width;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < values; ++i) wide[r * (values + 1) + i] = pixels[r * values + i];
  }
  const std::size_t stride = narrow.size() / kTogether;
  for (std::size_t k = 0; k < columns.size();) {
    const int to = columns[k].to;
    std::array<Four, kTogether> sum{};
    for (; k < columns.size() && columns[k].to == to; ++k) {
      const float* from = &wide[3 * static_cast<std::size_t>(columns[k].from)];
      for (std::size_t r = 0; r < kTogether; ++r) {
        sum[r] = sum[r] + four_at(from + r * (values + 1)) * columns[k].weight;
      }
    }
    for (std::size_t r = 0; r < kTogether; ++r) {
      std::memcpy(&narrow[stride * r + 3 * static_cast<std::size_t>(to)], &sum[r], sizeof sum[r]);
    }
  }
}

// Halves go to the even neighbour. 0 ≤ value < 2^22.
std::uint8_t rounded(float value) {
  constexpr float kNoFraction = 12'582'912;  // 1.5 · 2^23: what is added to it loses its fraction
  return static_cast<std::uint8_t>(std::bit_cast<std::uint32_t>(value + kNoFraction));
}

template <std::size_t kTogether>
Image mean_of(const Image& picture, int width_px, int height_px) {
  const auto columns = shares_of(picture.width_px, width_px);
  const auto rows = shares_of(picture.height_px, height_px);
  const std::size_t from_values = 3 * static_cast<std::size_t>(picture.width_px);
  const std::size_t to_values = 3 * static_cast<std::size_t>(width_px);
  std::vector<float> wide(kTogether * (from_values + 1));
  std::vector<float> narrows(kTogether * (to_values + 1));
  std::vector<float> sum(to_values);
  Image result(width_px, height_px);
  int held = 0;  // the source rows from here on are in `narrows`
  int end = 0;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const Share& share = rows[k];
    if (share.from >= end) {
      held = share.from;
      end = std::min(held + static_cast<int>(kTogether), picture.height_px);
      shrink_rows<kTogether>(&picture.rgb[static_cast<std::size_t>(held) * from_values],
                             static_cast<std::size_t>(picture.width_px),
                             static_cast<std::size_t>(end - held), columns, wide, narrows);
    }
    const float* narrow = &narrows[static_cast<std::size_t>(share.from - held) * (to_values + 1)];
    const bool begins = k == 0 || rows[k - 1].to != share.to;
    for (std::size_t i = 0; begins && i < to_values; ++i) sum[i] = share.weight * narrow[i];
    for (std::size_t i = 0; !begins && i < to_values; ++i) sum[i] += share.weight * narrow[i];
    const bool ends = k + 1 == rows.size() || rows[k + 1].to != share.to;
    std::uint8_t* to = &result.rgb[static_cast<std::size_t>(share.to) * to_values];
    for (std::size_t i = 0; ends && i < to_values; ++i) to[i] = rounded(sum[i]);
  }
  return result;
}

}  // namespace

Image area_mean(const Image& picture, int width_px, int height_px) {
  constexpr int kWidestOfFour = 1 << 20;  // 50 MB of floats
  return picture.width_px <= kWidestOfFour ? mean_of<4>(picture, width_px, height_px)
                                           : mean_of<1>(picture, width_px, height_px);
}

}  // namespace bloodcell::image
