// Made-up stained smears, drawn as absorbed light (Beer–Lambert over eosin and azure): seeded, all
// classes, believable enough to learn from. For tests, examples and teaching; never for a figure.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>

namespace bloodcell::data {

// basophil, eosinophil, erythroblast, ig, lymphocyte, monocyte, neutrophil, platelet
[[nodiscard]] std::span<const std::string_view> synthetic_labels();

// One cell in the middle of its frame, red cells around it. The same (label, seed, index, size)
// gives the same picture. Errors: not_found (label), usage (side outside 32 … 1024).
[[nodiscard]] Result<image::Image> synthetic_cell(std::string_view label, std::uint64_t seed,
                                                  std::uint64_t index, int side_px);

struct SyntheticCell {
  std::string label;  // a white-cell class, `red` or `platelet`
  image::Box box;
};

struct SyntheticField {
  image::Image image;
  std::vector<SyntheticCell> cells;
};

// A field of `width_px` × `height_px` with about `red_cells` red cells and the given white cells.
[[nodiscard]] Result<SyntheticField> synthetic_field(std::span<const std::string_view> white_cells,
                                                     int red_cells, std::uint64_t seed,
                                                     std::uint64_t index, int width_px,
                                                     int height_px);

struct SyntheticSetOptions {
  int cells_per_class = 20;
  int copies_per_cell = 1;  // turned and shifted copies of one cell: a family
  int side_px = 96;
  std::uint64_t seed = 0;
  std::vector<std::string> labels;  // empty: all
};

// Writes class folders of PNG files and families.csv. Errors: unreadable, usage.
[[nodiscard]] Result<void> write_synthetic_set(const Context& context,
                                               const std::filesystem::path& folder,
                                               const SyntheticSetOptions& options);

}  // namespace bloodcell::data
