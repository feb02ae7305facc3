// The cells of the new laboratory, framed once for every margin that is tried.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/image/preprocess.hpp>
#include <bloodcell/locate/locator.hpp>

namespace bloodcell::adapt {

struct Cells {
  std::vector<std::vector<image::Image>> frames;  // [margin][cell], of the input's size
  std::vector<image::Image> for_second;  // by the first margin, of the second network's size
  std::vector<std::string> families;     // of each cell; without labels the picture it lies in
  std::vector<int> truths;               // positions among the model's labels; empty: unknown
  std::size_t pictures = 0;
  std::vector<Error> problems;

  [[nodiscard]] std::size_t size() const { return families.size(); }
};

struct Framing {
  const image::Preprocessing& preprocessing;
  const locate::Locator* locator;                // null: a picture is a cell
  std::vector<double> margins;                   // in place of the preprocessing's; at least one
  const image::Preprocessing* second = nullptr;  // of the file's second network, where it has one
};

// Whole white cells of pictures drawn by the seed, until there are `most`. Errors: cancelled, those
// of the locator.
[[nodiscard]] Result<Cells> cells_of_pictures(const Context& context, const Framing& framing,
                                              std::vector<std::filesystem::path> pictures,
                                              std::size_t most, std::uint64_t seed);

// The samples, boxed where they have no box; places: of the set's labels among the model's.
[[nodiscard]] Result<Cells> cells_of_set(const Context& context, const Framing& framing,
                                         const data::Dataset& dataset,
                                         const std::vector<int>& places);

// Cells as the network's input, one behind the other, turned and mirrored as `turn` (0 … 7) says.
[[nodiscard]] std::vector<float> input_of(const std::vector<image::Image>& frames,
                                          const image::Preprocessing& preprocessing, int turn = 0);

}  // namespace bloodcell::adapt
