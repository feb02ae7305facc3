// The locator's network with its losses and its optimiser.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/graph/graph.hpp>
#include <bloodcell/graph/weights.hpp>
#include <bloodcell/smear/location.hpp>

namespace bloodcell::train {

// Not thread-safe.
class LocatorLearner {
 public:
  LocatorLearner(const graph::Graph& graph, const graph::Weights& weights);
  LocatorLearner(LocatorLearner&&) noexcept;
  ~LocatorLearner();

  // One step. images: targets.size() × 3 × H × W. The loss is a focal loss over centres (Law & Deng
  // 2018: exponents 2 and 4), by the number of centres, plus the weighted mean absolute error of
  // the boxes. Errors: internal (libtorch failed, or a loss that is not finite).
  [[nodiscard]] Result<double> step(std::span<const float> images,
                                    std::span<const smear::Targets> targets, double learning_rate,
                                    double weight_decay);

  // Evaluation mode: the maps of `count` images, one after the other.
  [[nodiscard]] Result<std::vector<float>> maps(std::span<const float> images, int count);

  [[nodiscard]] graph::Weights weights() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bloodcell::train
