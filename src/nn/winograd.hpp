// Convolutions of 3×3 with a step of one by minimal filtering (Winograd 1980; F(4×4, 3×3) of Lavin
// and Gray 2016): each 4×4 of a map in 36 multiplications a pair of channels in place of 144. Made
// by oneDNN on processors with AVX-512; libtorch never asks it for them. Why, and what it costs in
// digits: docs/decisions/0022.
#pragma once

#include <compare>
#include <map>
#include <memory>

#include <torch/types.h>

namespace bloodcell::nn {

class WinogradConvolution;

struct WinogradShape {
  std::int64_t batch = 0;
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;

  // Whether it beats the direct way, by what was measured: from 32 channels on, where tiles lie
  // mostly within the map and vectors within the channels.
  [[nodiscard]] bool pays() const;
  friend auto operator<=>(const WinogradShape&, const WinogradShape&) = default;
};

// What one network has made so far, by shape. Not thread-safe.
class Winograd {
 public:
  // maps: [N, C, H, W] float32 on the CPU, weight: [O, C, 3, 3], bias: [O] or undefined; zeros
  // around the maps. Returns [N, O, H, W], which gradients pass through, or an undefined tensor
  // where this way does not pay or the processor or the build lacks it.
  [[nodiscard]] torch::Tensor operator()(const torch::Tensor& maps, const torch::Tensor& weight,
                                         const torch::Tensor& bias);

 private:
  std::map<WinogradShape, std::shared_ptr<WinogradConvolution>> made_;  // null: cannot be made
};

}  // namespace bloodcell::nn
