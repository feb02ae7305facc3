// A model whose maps know more than its embedding.
#pragma once

#include <bloodcell/graph/builder.hpp>
#include <bloodcell/test/colour_model.hpp>

namespace bloodcell::adapt {

// Tells green from blue in its first maps, and no longer in its embedding.
inline model_file::ModelFile forgetful_model() {
  graph::Builder net("colour", {3, 8, 8});
  const auto first = net.relu(net.conv2d("first", net.input(), {.out_channels = 3, .kernel = 1}));
  const auto second = net.relu(net.conv2d("second", first, {.out_channels = 3, .kernel = 1}));
  net.dense("logits", net.global_average_pool(second), 3);
  graph::Weights weights;
  weights["first.weight"] = {{3, 3, 1, 1}, {1, 0, 0, 0, 1, 0, 0, 0, 1}};
  weights["second.weight"] = {{3, 3, 1, 1}, {1, 0, 0, 0, 0.5F, 0.5F, 0, 0.5F, 0.5F}};
  weights["logits.weight"] = {{3, 3}, {10, 0, 0, 0, 10, 0, 0, 0, 10}};
  for (const auto* name : {"first.bias", "second.bias", "logits.bias"})
    weights[name] = {{3}, {0, 0, 0}};
  const auto made =
      model_file::make(std::move(net).build().value(), weights, test::colour_model().description);
  EXPECT_OK(made);
  return made.value();
}

}  // namespace bloodcell::adapt
