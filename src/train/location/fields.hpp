// Fields with drawn boxes, decoded once and held small, dealt into parts by family.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>
#include <bloodcell/smear/cell_box.hpp>
#include <bloodcell/train/train_locator.hpp>

namespace bloodcell::train {

struct Field {
  std::string set;   // the set's folder name
  std::string file;  // as its boxes name it
  std::string part;  // `train`, `validation`, `test`
  image::Image picture;
  std::vector<smear::CellBox> cells;  // in pixels of `picture`
  // 0 for a kind that other fields of the set have boxes of and this one has none: drawn by halves.
  std::array<float, smear::kKinds> known{1, 1, 1};
};

// Each set is a folder with boxes.csv and images/. Errors: those of the files, naming them.
[[nodiscard]] Result<std::vector<Field>> load_fields(const Context& context,
                                                     const LocatorTraining& how);

}  // namespace bloodcell::train
