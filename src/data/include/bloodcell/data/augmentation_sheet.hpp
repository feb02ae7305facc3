// What an augmentation makes of a set's cells, for people to look at before they train with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/image/image.hpp>
#include <bloodcell/image/preprocess.hpp>

namespace bloodcell::data {

struct AugmentationSheetOptions {
  std::vector<std::string> augmentations;  // augmentation_named; one row of each for every sample
  image::Preprocessing preprocessing;      // as training's
  int draws = 8;                           // pictures beside the unchanged one, 1 … 24
  std::uint64_t seed = 0;
};

inline constexpr std::size_t kAugmentationSheetRows = 60;
inline constexpr std::int64_t kAugmentationSheetPixels = 100'000'000;

// Up to `most` positions in dataset.samples, the classes in turn, families before further samples
// of one family, drawn from the seed; in the order of the set.
[[nodiscard]] std::vector<std::size_t> samples_to_show(const Dataset& dataset, std::size_t most,
                                                       std::uint64_t seed);

// A row for each sample and augmentation: the class and file, the picture as the network sees it
// unchanged, and `draws` of what the Loader makes of it. The same for any number of threads.
// Errors: usage for no sample, no augmentation, an unknown one, a number of draws or rows out of
// range, a sheet over kAugmentationSheetPixels; as Loader::next.
[[nodiscard]] Result<image::Image> augmentation_sheet(const Context& context,
                                                      const Dataset& dataset,
                                                      const std::vector<std::size_t>& samples,
                                                      const AugmentationSheetOptions& options);

}  // namespace bloodcell::data
