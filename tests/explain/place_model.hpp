// A network whose evidence is known: the logit of `red` grows with the red places of the picture,
// that of `blue` with the blue ones, `none` stays 0.
#pragma once

#include <bloodcell/graph/builder.hpp>
#include <bloodcell/image/draw.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::test {

inline constexpr int kSide = 24;

// with_mean false: the dense layer sees the places one by one, so that no class activation map is
// to be had.
inline model_file::ModelFile place_model(bool with_mean = true) {
  graph::Builder net("place", {3, kSide, kSide});
  auto maps = net.relu(net.conv2d("colours", net.input(), {.out_channels = 2, .kernel = 1}));
  graph::Weights weights;
  weights["colours.weight"] = {{2, 3, 1, 1}, {1, -1, -1, -1, -1, 1}};
  weights["colours.bias"] = {{2}, {0, 0}};
  if (with_mean) {
    net.dense("logits", net.global_average_pool(maps), 3);
    weights["logits.weight"] = {{3, 2}, {40, 0, 0, 40, 0, 0}};
  } else {
    const auto flat = net.flatten(maps);
    net.dense("logits", flat, 3);
    constexpr std::size_t kPlaces = std::size_t{kSide} * kSide;
    std::vector<float> dense(3 * 2 * kPlaces, 0.0F);
    for (std::size_t p = 0; p < kPlaces; ++p) {
      dense[p] = 40.0F / kPlaces;                          // row `red`, map of red
      dense[2 * kPlaces + kPlaces + p] = 40.0F / kPlaces;  // row `blue`, map of blue
    }
    weights["logits.weight"] = {{3, 2 * static_cast<std::int64_t>(kPlaces)}, dense};
  }
  weights["logits.bias"] = {{3}, {0.5F, 0, 0}};
  model_file::Description description;
  description.name = "place";
  description.architecture = "place";
  description.labels = {"red", "blue", "none"};
  description.preprocessing.width_px = kSide;
  description.preprocessing.height_px = kSide;
  description.preprocessing.deviation = {255, 255, 255};
  description.provenance = nlohmann::json::object();
  return model_file::make(std::move(net).build().value(), weights, description).value();
}

// White, with a red square at the upper left and a blue one, smaller, at the lower right.
inline image::Image two_squares() {
  auto picture = image::blank(kSide, kSide, {255, 255, 255});
  image::paste(picture, image::blank(8, 8, {255, 0, 0}), 2, 2);
  image::paste(picture, image::blank(6, 6, {0, 0, 255}), 16, 16);
  return picture;
}

}  // namespace bloodcell::test
