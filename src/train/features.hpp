// The outputs of a backbone that stays as it is, made once and kept in memory: an epoch then costs
// the head alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/data/loader.hpp>
#include <bloodcell/graph/graph.hpp>
#include <bloodcell/train/config.hpp>
#include <bloodcell/train/learner.hpp>

namespace bloodcell::train {

// Of one part of a set: each sample in each of its variants, which differ by what augmentation drew
// (epoch `v` of data::LoaderOptions for variant v). Thread-safe once filled.
class Features {
 public:
  // variants ≥ 1; values: of one sample's features.
  Features(std::size_t samples, int variants, std::size_t values);

  using FeaturesOf = std::function<Result<std::vector<float>>(std::span<const float>, int)>;

  // Runs all pictures of the part through the backbone, in order, batch after batch: the same bits
  // each time. `options` say how they are read; order and shuffling do not matter. Errors: the
  // loader's, the backbone's, cancelled, and internal for a feature that is not finite, naming the
  // picture.
  [[nodiscard]] Result<void> fill(const Context& context, const data::Dataset& dataset,
                                  const std::vector<std::size_t>& samples,
                                  data::LoaderOptions options, const FeaturesOf& backbone);

  // For a loader: epoch e (from 1) sees variant (e − 1) mod variants; epoch 0, that of judging,
  // the first.
  void copy(std::uint64_t epoch, std::size_t position, std::span<float> features) const;

  [[nodiscard]] std::size_t values() const { return values_; }

 private:
  std::size_t samples_;
  std::size_t variants_;
  std::size_t values_;
  std::vector<float> table_;  // variants × samples × values
};

// How many variants a run keeps: config.feature_variants, or one where it says 0 and the run is
// free to; 0: none are kept, each epoch sends its pictures through the whole network. Errors:
// limit_exceeded, where features that were asked for take more than limits.cache_bytes; where they
// were not asked for that is a warning and 0.
[[nodiscard]] Result<int> variants_to_keep(const Context& context, const Config& config,
                                           const graph::Graph& graph, std::size_t learning,
                                           std::size_t watching);

}  // namespace bloodcell::train
