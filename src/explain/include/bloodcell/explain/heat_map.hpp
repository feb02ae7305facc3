// Where in its picture a network finds a class. No gradients: they would need the training library.
//
// What is mapped is the class's *lead*: its logit less the mean of all logits. Softmax knows no
// other part of a logit, so a positive place speaks for the class and a negative one against it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/image/preprocess.hpp>
#include <bloodcell/infer/session.hpp>

namespace bloodcell::explain {

enum class Method {
  // Class activation map (Zhou et al. 2016): the last maps weighted by the dense layer. For a
  // network that ends in the mean of maps and one dense layer this is Grad-CAM (Selvaraju et al.
  // 2017) exactly, before its ReLU. The mean over the places is the lead, but for the bias.
  cam,
  // Occlusion (Zeiler and Fergus 2014): the lead that is lost when a place is covered by the mean
  // colour of the picture's rim. Any network.
  occlusion,
  // RISE (Petsiuk et al. 2018): how much the lead rises where a random mask leaves a place seen.
  // Any network; the slowest.
  rise,
};
[[nodiscard]] std::string_view name_of(Method method);
[[nodiscard]] std::optional<Method> method_named(std::string_view name);

// What the numbers of a map are, in a sentence for people.
[[nodiscard]] std::string_view meaning_of(Method method);

// Places row by row over the whole input; each stands for an equal part of it.
struct HeatMap {
  int width = 0;
  int height = 0;
  std::vector<float> values;
};

struct HeatOptions {
  int batch = 16;           // pictures at a time, ≥ 1
  int cells_a_side = 12;    // of occlusion; a window covers 2 × 2 of them; 2 … 64
  int masks = 400;          // of rise, ≥ 1
  std::uint64_t seed = 42;  // of the masks
};

// One map a class of `classes` (positions among the labels). input: one picture as preprocess()
// makes it. The session must keep maps for Method::cam. Deterministic. Errors: unsupported (cam of
// a session without maps), those of Session::look.
[[nodiscard]] Result<std::vector<HeatMap>> heat_maps(const infer::Session& session,
                                                     const image::Preprocessing& preprocessing,
                                                     std::span<const float> input,
                                                     std::span<const int> classes, Method method,
                                                     const HeatOptions& options = {});

// The value at x, y in 0 … 1 of the input's sides, between the middles of the places (bilinear).
[[nodiscard]] double value_at(const HeatMap& map, double x, double y);

// The largest absolute value.
[[nodiscard]] double largest_of(const HeatMap& map);

}  // namespace bloodcell::explain
