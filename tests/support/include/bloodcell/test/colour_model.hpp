// A model whose answer is known: it names the strongest of red, green and blue.
#pragma once

#include <bloodcell/base/context.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::test {

// Logits are the mean of each channel times 10, of pixels divided by 255.
inline model_file::ModelFile colour_model(const model_file::Description& description) {
  graph::Builder net("colour", {3, 8, 8});
  const auto mean = net.global_average_pool(net.input());
  net.dense("logits", mean, 3);
  const graph::Graph graph = std::move(net).build().value();
  graph::Weights weights;
  weights["logits.weight"] = {{3, 3}, {10, 0, 0, 0, 10, 0, 0, 0, 10}};
  weights["logits.bias"] = {{3}, {0, 0, 0}};
  return model_file::make(graph, weights, description).value();
}

inline model_file::ModelFile colour_model(double min_confidence = 0) {
  model_file::Description description;
  description.name = "colour";
  description.architecture = "colour";
  description.labels = {"red", "green", "blue"};
  description.preprocessing.width_px = 8;
  description.preprocessing.height_px = 8;
  description.preprocessing.deviation = {255, 255, 255};
  description.min_confidence = min_confidence;
  description.provenance = nlohmann::json::object();
  return colour_model(description);
}

// Of pictures of another size; it names the colour after the strongest: green where that is red.
inline model_file::ModelFile next_colour_model(int side = 16, double cell_margin = 0) {
  graph::Builder net("next colour", {3, side, side});
  net.dense("logits", net.global_average_pool(net.input()), 3);
  graph::Weights weights;
  weights["logits.weight"] = {{3, 3}, {0, 0, 20, 20, 0, 0, 0, 20, 0}};
  weights["logits.bias"] = {{3}, {0, 0, 0}};
  auto description = colour_model().description;
  description.name = description.architecture = "next colour";
  description.preprocessing.width_px = description.preprocessing.height_px = side;
  description.preprocessing.cell_margin = cell_margin;
  return model_file::make(std::move(net).build().value(), weights, description).value();
}

// colour_model() with the above to read again what is less sure than 0.9, a quarter of the answer.
inline model_file::ModelFile colour_model_of_two() {
  return model_file::with_second(colour_model(), next_colour_model(), 0.9, 0.25).value();
}

inline image::Image flat(int width, int height, std::array<std::uint8_t, 3> colour) {
  image::Image image(width, height);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = colour[i % 3];
  return image;
}

inline void write_png(const std::filesystem::path& path, std::array<std::uint8_t, 3> colour,
                      int width = 16, int height = 12) {
  ASSERT_OK(write_file(path, image::encode_png(flat(width, height, colour)).value()));
}

inline constexpr std::array<std::uint8_t, 3> kRed{255, 0, 0};
inline constexpr std::array<std::uint8_t, 3> kGreen{0, 255, 0};
inline constexpr std::array<std::uint8_t, 3> kBlue{0, 0, 255};
inline constexpr std::array<std::uint8_t, 3> kGrey{100, 100, 100};

}  // namespace bloodcell::test
