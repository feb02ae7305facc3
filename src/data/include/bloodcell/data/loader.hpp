// Samples → batches. Each picture is read and decoded once and kept as bytes within a budget; the
// batches to come are made in parallel while the network works on the last.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/augment.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/image/preprocess.hpp>

namespace bloodcell::data {

// Images [first, first + count) of a batch.
struct BatchShare {
  std::size_t first = 0;
  std::size_t count = 0;
};

struct LoaderOptions {
  image::Preprocessing preprocessing;
  Augmentation augmentation;
  int batch = 32;        // ≥ 1; the last batch of an epoch may be smaller
  bool shuffle = false;  // a new order each epoch; by weight where samples weigh differently
  std::uint64_t seed = 0;
  // Another order of an epoch than all samples once: epoch_images positions in `samples`, a picture
  // as often as wanted. Called by start(); the same for the same epoch. Empty: all, or shuffled.
  std::function<std::vector<std::size_t>(std::uint64_t epoch)> order{};
  std::size_t epoch_images = 0;
  // Inputs that were made before, `made_values` each, in place of pictures: fills in what the
  // position in `samples` gives in an epoch. Called from several threads. Empty: pictures are read.
  std::function<void(std::uint64_t epoch, std::size_t position, std::span<float> input)>
      made_input{};
  std::size_t made_values = 0;
  // Whose pictures are made of a batch of `count`; the others' labels are there, their images are
  // not. Empty: all.
  std::function<BatchShare(std::size_t count)> share{};
  int prefetch = 2;  // batches made ahead, ≥ 1
};

struct Batch {
  std::vector<float> images;         // share.count × 3 × H × W, or share.count × made_values
  std::vector<std::int64_t> labels;  // count
  std::vector<std::size_t> samples;  // positions in Dataset::samples
  int count = 0;
  BatchShare share;  // usually all
};

// The order is drawn from (seed, "shuffle", epoch), a picture's augmentation from
// (seed, "augment", epoch × samples + its place in `samples`), with an order of the caller's from
// (seed, "augment place", epoch × epoch_images + its place in the epoch), so the batches of (seed,
// epoch) are the same for any number of threads, any prefetch and any cache. Keeps up to
// limits.cache_bytes of pictures, no larger than the decoder gives them for this input. Not
// thread-safe: one consumer.
class Loader {
 public:
  // dataset and context outlive the loader; `samples` are positions in dataset.samples.
  Loader(const Context& context, const Dataset& dataset, std::vector<std::size_t> samples,
         LoaderOptions options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  [[nodiscard]] std::size_t batches() const;

  // Begins an epoch, at a batch within it when resuming; what was in flight is dropped.
  void start(std::uint64_t epoch, std::size_t first_batch = 0);

  // The next batch; nullopt after the last and before the first start(). Errors: the first file
  // that could not be read, decoded or cut to its box (the same again until the next start());
  // cancelled.
  [[nodiscard]] Result<std::optional<Batch>> next();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One shuffled epoch of as many positions in `samples` as it has, drawn by Sample::weight by
// systematic sampling (Madow 1949): a sample comes up floor or ceiling of its expected times. Of
// (seed, epoch) alone.
[[nodiscard]] std::vector<std::size_t> weighted_order(const Dataset& dataset,
                                                      const std::vector<std::size_t>& samples,
                                                      std::uint64_t seed, std::uint64_t epoch);

// The picture of one sample as training, evaluation and prediction see it, before preprocess().
// Errors: as decode_file; malformed for a box that reaches outside the picture.
[[nodiscard]] Result<image::Image> load_frame(const Dataset& dataset, const Sample& sample,
                                              const image::Preprocessing& preprocessing,
                                              const Limits& limits);

}  // namespace bloodcell::data
