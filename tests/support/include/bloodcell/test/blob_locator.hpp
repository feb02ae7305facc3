// A locator whose answer is known: a dark square of two strides' side on a pale ground.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include <bloodcell/graph/builder.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/smear/cell_box.hpp>

namespace bloodcell::test {

// One 17 × 17 convolution of stride 8 that adds up the darkness (0 black … 1 white, so weights are
// negative): a white cell where more than half of its middle 8 × 8 pixels are dark, its box always
// `box_px` pixels of the input. `input_px` square input.
inline model_file::ModelFile blob_locator(int input_px = 64, float box_px = 20) {
  constexpr int kSide = 17;
  graph::Builder net("locator", {3, input_px, input_px});
  net.conv2d("maps", net.input(),
             {.out_channels = 7,
              .kernel = kSide,
              .stride = graph::kLocatorStride,
              .padding = graph::Padding::same});
  const graph::Graph graph = std::move(net).build().value();
  std::vector<float> kernel(7 * 3 * kSide * kSide, 0.0F);
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const bool is_middle = std::abs(x - 8) <= 5 && std::abs(y - 8) <= 5;
        kernel[static_cast<std::size_t>((c * kSide + y) * kSide + x)] =
            is_middle ? -20.0F / (3 * 11 * 11) : 0.0F;
      }
    }
  }
  const auto size = std::log(box_px / graph::kLocatorStride);
  graph::Weights weights;
  weights["maps.weight"] = {{7, 3, kSide, kSide}, kernel};
  weights["maps.bias"] = {{7}, {11.0F, -9.0F, -9.0F, 0.0F, 0.0F, size, size}};
  model_file::Description description;
  description.name = "blob";
  description.architecture = "locator";
  description.task = graph::Task::locate;
  description.labels.assign(smear::kKindNames.begin(), smear::kKindNames.end());
  description.preprocessing.width_px = input_px;
  description.preprocessing.height_px = input_px;
  description.preprocessing.fit = image::Fit::letterbox;
  description.preprocessing.fill = {255, 255, 255};
  description.preprocessing.deviation = {255, 255, 255};
  description.min_confidence = 0.5;
  description.provenance = nlohmann::json::object();
  return model_file::make(graph, weights, description).value();
}

// A dark square on a pale ground, as the blob locator finds it; it may reach beyond the picture.
inline void draw_square(image::Image& picture, int x, int y, int side,
                        std::array<std::uint8_t, 3> colour = {60, 20, 120}) {
  for (int v = std::max(0, y); v < std::min(picture.height_px, y + side); ++v) {
    for (int u = std::max(0, x); u < std::min(picture.width_px, x + side); ++u) {
      std::copy(colour.begin(), colour.end(), picture.at(u, v).begin());
    }
  }
}

}  // namespace bloodcell::test
